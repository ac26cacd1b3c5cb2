/**
 * Given numbers from before a rollback, its end says whether the release was the cause, and whether
 * data was lost; without such numbers it says that it cannot tell.
 */

import { join } from 'node:path';
import { escapeIdentifier } from 'pg';
import { afterAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { Innocence } from '../../src/model/innocence.ts';
import { expectExit, resultOf } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { type Inbox, openInbox } from './support/inbox.ts';
import { incidentsOf, liveOf, startsOf } from './support/look.ts';
import { type Metrics, openMetrics } from './support/metrics.ts';
import type { CliEnd } from './support/run-cli.ts';
import { openSite, type Site } from './support/site.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --reason 'Every second request fails'";

/** A check of the error rate, beside the others: what is measured must also be good. */
const ERRORS =
  'errors: { kind: metric, signal: error_rate, expect: { below: 5% }, every: 1s, consecutive: 1 }';

interface Measured extends AsyncDisposable {
  site: Site;
  metrics: Metrics;
  inbox: Inbox;
  /** A statement in the database whose orders are counted. */
  sql: (statement: string) => Promise<void>;
}

/** A site whose errors are measured and whose 3 orders are counted. */
async function openMeasured(checks = ''): Promise<Measured> {
  await using resources = new AsyncDisposableStack();
  const metrics = resources.use(await openMetrics());
  const inbox = resources.use(await openInbox());
  let schema = '';
  const site = resources.use(
    await openSite(ground, {
      variables: { SITE_SHOP_URL: ground.database.url, SITE_HOOK_URL: inbox.url },
      edit(config, service) {
        schema = service;
        return `${config.replace('checks:\n', `checks:\n  ${checks}\n`)}
metrics:
  kind: http-json
  url: ${metrics.url}
  signals: { error_rate: { unit: ratio, pointer: /minute/errors } }
databases:
  shop:
    name: ${ground.database.name}
    url: 'env:SITE_SHOP_URL'
    owner_role: shop
    counted_tables: [${service}.orders]
messages: { channels: { hook: { kind: webhook, url: 'env:SITE_HOOK_URL' } } }
`;
      },
    }),
  );
  metrics.follow(join(site.state, 'live.json'));
  const sql = async (statement: string): Promise<void> => {
    const name = escapeIdentifier(schema);
    await ground.postgres.pool.query(statement.replaceAll('SHOP', name));
  };
  await sql('create schema SHOP');
  await sql('create table SHOP.orders (id int)');
  await sql('insert into SHOP.orders values (1), (2), (3)');
  const kept = resources.move();
  return { site, metrics, inbox, sql, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const answer = z.object({
  innocence: z.object({
    verdict: z.enum(['probably-the-cause', 'probably-not-the-cause', 'cannot-tell']),
    still_off: z.array(z.string()),
  }),
  stages: z.array(
    z.object({
      stage: z.string(),
      measurements: z.array(
        z.object({ check: z.string(), verdict: z.string(), reason: z.string() }),
      ),
    }),
  ),
});

const verdictOf = (end: CliEnd): Innocence['verdict'] => answer.parse(end.json).innocence.verdict;

/** What the check of the rows found, stage by stage. */
function rowsOf(end: CliEnd): { verdict: string; reason: string }[] {
  const { stages } = answer.parse(end.json);
  return stages.flatMap(({ measurements }) =>
    measurements.filter(({ check }) => check === 'rows-kept'),
  );
}

/** What was said, without the ends of its lines. */
const words = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** Rolls back; what is done in between happens after the numbers from before were taken. */
async function rollBackWith(site: Site, meanwhile: () => void | Promise<void>): Promise<CliEnd> {
  await site.trouble('waits');
  const running = site.start(`${ROLLBACK} --json`);
  await waitFor('the deployment has begun', async () => (await startsOf(site)).length > 0);
  await meanwhile();
  await site.letGo();
  return await running.end;
}

test('a rollback that does not help: the release is probably not the cause, and it ends with 1', async () => {
  await using measured = await openMeasured(ERRORS);
  const { site, metrics, inbox } = measured;
  metrics.set('ill');
  const end = await site.run(ROLLBACK);
  expectExit(end, 1);
  expect(await liveOf(site)).toBe('v1.1.0');
  const said = words(end.stdout);
  expect(said).toContain('ROLLED BACK to v1.1.0, STILL NOT HEALTHY');
  expect(said).toContain('v1.2.0 is probably not the cause');
  expect(said).toContain('Still off: error_rate is 21 %, was 21 % before the rollback');
  // What to look at next, instead of going back even further.
  expect(said).toContain('See what else changed at that time');
  expect(said).not.toContain('was probably the cause');
  // And everybody is told.
  expect(inbox.newest('rollback-failed')).toContain(
    'v1.1.0 is live, and the checks still fail: v1.2.0 is probably not the cause.',
  );
});

test('the same where no check asks for it: validated, and still said to everybody', async () => {
  await using measured = await openMeasured();
  const { site, metrics, inbox } = measured;
  metrics.set('ill');
  const end = await site.run(ROLLBACK);
  // Every check that there is has passed: that is what the code stands for.
  expectExit(end, 0);
  expect(words(end.stdout)).toContain('v1.2.0 is probably not the cause');
  expect(inbox.newest('rollback-complete')).toContain(
    'What was off is off as before: v1.2.0 is probably not the cause.',
  );
});

test('a rollback that helps: the release was probably the cause, and no row is missing', async () => {
  await using measured = await openMeasured(ERRORS);
  const { site, inbox } = measured;
  const end = await site.run(ROLLBACK);
  expectExit(end, 0);
  expect(words(end.stdout)).toContain('Cause: v1.2.0 was probably the cause.');
  expect(words(end.stdout + end.stderr)).not.toContain('not the cause');
  expect(inbox.newest('rollback-complete')).toContain('v1.1.0 is live and validated');
  expect(inbox.newest('rollback-complete')).not.toContain('not the cause');

  const [incident] = await incidentsOf(site);
  const text = JSON.stringify(incident?.entries.map(({ data }) => data));
  expect(text).toContain('"check":"rows-kept"');
  expect(text).toContain(`"shop.${site.service}.orders":3`);
  // The end is the same when it is asked for again.
  const again = await site.run('incident resume --json');
  expectExit(again, 0);
  expect(verdictOf(again)).toBe('probably-the-cause');
});

test('rows that are gone after a rollback: rows-kept fails, though the release was the cause', async () => {
  await using measured = await openMeasured(ERRORS);
  const { site, sql, inbox } = measured;
  const end = await rollBackWith(site, () => sql('delete from SHOP.orders where id = 2'));
  expectExit(end, 1);
  expect(await liveOf(site)).toBe('v1.1.0');
  const rows = rowsOf(end);
  expect(rows.map(({ verdict }) => verdict)).toEqual(['failed']);
  expect(rows[0]?.reason).toContain(`shop.${site.service}.orders has 2 of 3 rows`);
  expect(resultOf(end).steps['validate:now']?.outcome).toBe('failed');
  // Something is wrong, and it is not that the release was innocent.
  expect(verdictOf(end)).toBe('probably-the-cause');
  const told = inbox.newest('rollback-failed');
  expect(told).toContain('v1.1.0 is live, and the checks still fail.');
  expect(told).not.toContain('not the cause');

  await sql('insert into SHOP.orders values (2)');
  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  expect(rowsOf(resumed).map(({ verdict }) => verdict)).toEqual(['passed', 'passed', 'passed']);
});

test('a source that was down before the rollback: whether it was the cause cannot be told', async () => {
  await using measured = await openMeasured();
  const { site, metrics } = measured;
  metrics.set('down');
  const end = await rollBackWith(site, () => metrics.set('by-release'));
  expectExit(end, 0);
  expect(verdictOf(end)).toBe('cannot-tell');
  expect(end.stdout + end.stderr).not.toMatch(/probably/);
  const [incident] = await incidentsOf(site);
  const notes = incident?.entries.filter(({ kind }) => kind === 'note').map(({ text }) => text);
  expect(notes?.join(' ')).toContain('error_rate was not measured');
});

test('rows that were not counted before a rollback are inconclusive, never passed', async () => {
  await using measured = await openMeasured();
  const { site, sql, inbox } = measured;
  await sql('alter table SHOP.orders rename to away');
  const end = await rollBackWith(site, () => sql('alter table SHOP.away rename to orders'));
  // Neither success nor failure.
  expectExit(end, 3);
  expect(resultOf(end).outcome).toBe('unknown');
  expect(rowsOf(end).map(({ verdict }) => verdict)).toEqual(['inconclusive']);
  expect(rowsOf(end)[0]?.reason).toContain('could not be counted before the rollback');
  expect(inbox.newest('rollback-unknown')).toContain('Nobody can tell yet whether it worked.');
  expect(inbox.newest('rollback-complete')).toBeUndefined();

  // What was not counted then cannot be counted now, however often it is asked.
  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 3);
  expect(rowsOf(resumed).map(({ verdict }) => verdict)).toEqual(['inconclusive']);
});
