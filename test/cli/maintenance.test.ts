/**
 * Work on a service from the command line: a real Redis as cache and fast path at once, a real
 * process that is restarted, a real client that proves its flags.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, testRedis } from '../support/services.ts';
import { openSite, type Run, type Site } from './support.ts';

const resources = new AsyncDisposableStack();
let site: Site;
let redis: Redis;
let place: string;
beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const server = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: server.url };
  site = resources.use(await openSite({ ...stores, service: server.name }));
  redis = new Redis(server.url);
  resources.defer(() => redis.disconnect());
  place = join(dirname(site.folder), 'place');
}, 60_000);
afterAll(() => resources.disposeAsync());
beforeEach(async () => {
  await writeFile(join(place, 'trouble'), '');
  site.answer(200);
});

const shape = z.object({
  incident: z.string(),
  execution: z.object({
    outcome: z.string(),
    steps: z.array(
      z.object({
        step: z.object({ id: z.string() }),
        result: z.object({ outcome: z.string(), detail: z.string().optional() }),
      }),
    ),
  }),
});

function outcomesOf({ stdout }: Run): string[] {
  const { execution } = shape.parse(JSON.parse(stdout));
  return execution.steps.map(({ step, result }) => `${step.id} ${result.outcome}`);
}

/** The process that runs, as it says itself. */
const pid = async (): Promise<string> => readFile(join(place, 'pid'), 'utf8');

async function recordOf({ stdout }: Run): Promise<string[]> {
  const { incident } = shape.parse(JSON.parse(stdout));
  const shown = await site.call(['incident', 'show', incident, '--json']);
  expect(shown.code).toBe(0);
  const { entries } = z
    .object({ entries: z.array(z.object({ kind: z.string() })) })
    .parse(JSON.parse(shown.stdout));
  return entries.map(({ kind }) => kind);
}

describe('backout caches flush', () => {
  test('empties the cache, and leaves what Backout and others keep on the same server', async () => {
    const keys = ['readings:1', 'readings:2', 'sessions:1'];
    await redis.mset(...keys.flatMap((key) => [key, 'x']));
    const ours = (await redis.keys('backout:*')).toSorted();
    expect(ours.length).toBeGreaterThan(0);
    const run = await site.call(['caches', 'flush', '--yes', '--json']);
    expect([run.code, outcomesOf(run)]).toEqual([0, ['flush:readings done']]);
    expect(await redis.keys('readings:*')).toEqual([]);
    expect(await redis.exists('sessions:1')).toBe(1);
    expect((await redis.keys('backout:*')).toSorted()).toEqual(ours);
    expect(await recordOf(run)).toContain('intent');
  });

  test('does nothing when nobody says yes, and shows what it would do', async () => {
    await redis.set('readings:1', 'x');
    const asked = await site.call(['caches', 'flush']);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('E_CONFIRM')]);
    const planned = await site.call(['caches', 'flush', '--dry-run']);
    expect(planned.code).toBe(0);
    expect(planned.stdout).toContain('Empty the cache readings');
    expect(await redis.exists('readings:1')).toBe(1);
  });
});

describe('backout services', () => {
  test('restart: another process than before, up and healthy, and in the record', async () => {
    expect((await site.call(['services', 'restart', '--yes'])).code).toBe(0);
    const before = await pid();
    const run = await site.call(['services', 'restart', 'worker', '--yes', '--json']);
    expect([run.code, outcomesOf(run)]).toEqual([0, ['restart:worker done']]);
    expect(await pid()).not.toBe(before);
    const status = await site.call(['services', 'status', '--json']);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      services: [{ name: 'worker', state: 'up' }],
    });
  });

  test('restart: a program that says no ends it, with its words and what to do', async () => {
    await writeFile(join(place, 'trouble'), 'fail');
    const run = await site.call(['services', 'restart', '--yes']);
    expect(run.code).toBe(3);
    const said = run.stdout.replaceAll(/\s+/g, ' ');
    expect(said).toContain('the port is taken');
    expect(said).toContain('NOT ALL SERVICES ARE UP AND PROVEN');
    expect(said).toMatch(/Unknown: Restart worker/);
  });

  test('restart: what comes up and is not healthy is not done', async () => {
    site.answer(503);
    const run = await site.call(['services', 'restart', '--yes', '--json']);
    expect([run.code, outcomesOf(run)]).toEqual([1, ['restart:worker failed']]);
  }, 30_000);

  test('status: down is 1, unknown is 3', async () => {
    process.kill(Number(await pid()), 'SIGKILL');
    const down = await site.call(['services', 'status']);
    expect([down.code, down.stdout]).toEqual([1, expect.stringContaining('down')]);
    await writeFile(join(place, 'trouble'), 'hang');
    const hung = await site.call(['services', 'status']);
    expect([hung.code, hung.stdout]).toEqual([3, expect.stringContaining('unknown')]);
  });
});

describe('backout flags test', () => {
  test('passes when the running service really uses both values, and leaves the flag as it was', async () => {
    const run = await site.call(['flags', 'test', '--json']);
    expect(outcomesOf(run)).toEqual([
      'set:safe done',
      'prove:safe done',
      'set:default done',
      'prove:default done',
    ]);
    expect(run.code).toBe(0);
    const { execution, incident } = shape.parse(JSON.parse(run.stdout));
    expect(execution.steps[1]?.result.detail).toContain('web-1');
    expect(incident).toMatch(/^maintenance-\d{6}$/);
    const listed = await site.call(['flags', 'list', '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      flags: expect.arrayContaining([
        expect.objectContaining({ name: 'rehearsal_flag', value: true, heldBy: [] }),
      ]) as object,
    });
  });

  test('does not pass without a running service, and leaves the flag as it was', async () => {
    await using quiet = await openSite({
      databaseUrl: site.env['JOURNAL_URL'] ?? '',
      redisUrl: site.env['REDIS_URL'] ?? '',
      service: `${site.service}-2`,
      instance: false,
      edit: (config) => config.replace('acknowledge_within: 5s', 'acknowledge_within: 300ms'),
    });
    const run = await quiet.call(['flags', 'test', '--json']);
    expect([run.code, outcomesOf(run)]).toEqual([
      3,
      ['set:safe done', 'prove:safe unknown', 'set:default done', 'prove:default unknown'],
    ]);
    const listed = await quiet.call(['flags', 'list']);
    expect(listed.stdout).toMatch(/rehearsal_flag\s+true/);
  });

  test('is no open incident: the next emergency opens one of its own', async () => {
    const run = await site.call(['emergency', '--json']);
    expect(run.code).toBe(0);
    expect(shape.parse(JSON.parse(run.stdout)).incident).not.toMatch(/^maintenance/);
    const refused = await site.call(['flags', 'test']);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('E_SAFE_STATE_ON')]);
  });
});
