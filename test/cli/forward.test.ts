/** Undoing a rollback from the command line: what is asked for, what is shown, what is true after. */

import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, testRedis } from '../support/services.ts';
import { openSite, type Run, type Site } from './support.ts';

const resources = new AsyncDisposableStack();
let site: Site;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(await openSite({ ...stores, service: redis.name }));
}, 60_000);
afterAll(() => resources.disposeAsync());

const WHY = ['--reason', 'the card provider is ill, not v1.2.0'];
const FORWARD = ['rollback', 'application', '--forward'];
const failure = z.object({ error: z.object({ code: z.string(), remedy: z.string() }) });
const codeOf = ({ stdout }: Run): string => failure.parse(JSON.parse(stdout)).error.code;
const liveTag = async (): Promise<string> =>
  z.object({ tag: z.string() }).parse(JSON.parse(await site.live())).tag;

test.each<[string, string[], number, string]>([
  ['there is nothing to undo', [...FORWARD, ...WHY], 4, 'E_NOTHING_TO_UNDO'],
  ['nobody says why', FORWARD, 2, 'E_REASON'],
  ['a release is named', [...FORWARD, '--to', 'v1.1.0', ...WHY], 2, 'E_USAGE'],
  ['it is the wrong level', ['rollback', 'flags', '--forward', ...WHY], 2, 'E_USAGE'],
  ['it is asked for by hand', ['plan', '--forward', '--manual'], 2, 'E_USAGE'],
  ['looking at it names a release', ['plan', '--forward', '--to', 'v1.1.0'], 2, 'E_USAGE'],
])('It is refused when %s, and nothing is changed.', async (_, args, exit, code) => {
  const run = await site.call([...args, '--json']);
  expect([run.code, codeOf(run)]).toEqual([exit, code]);
  expect(await site.changes()).toEqual([]);
});

test('After a rollback that did not help, the plan says what is held, and that the hold ends.', async () => {
  site.answer(500);
  const rolled = await site.run(['rollback', 'application', '--yes', '--reason', 'orders fail']);
  expect(rolled.code).toBe(1);
  expect(rolled.stdout).toContain('STILL NOT HEALTHY');
  site.answer(200);

  const planned = await site.call(['plan', '--forward']);
  expect(planned.code).toBe(0);
  const said = planned.stdout.replaceAll(/\s+/g, ' ');
  expect(said).toMatch(/^Return to v1\.2\.0 on \S+ production: v1\.1\.0 → v1\.2\.0/);
  expect(said).toMatch(/Held: v1\.2\.0 is held since .*: orders fail/);
  expect(said).toContain('The hold of v1.2.0 ends when v1.2.0 is proven live.');
  expect(said).toContain('Flags and breakers are not touched');
  expect(said).toMatch(/--forward --plan [0-9a-f]{12} --reason "…" \\ --approved-by NAME/);
  expect(Math.max(...planned.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(
    80,
  );
  expect(await liveTag()).toBe('v1.1.0');
});

test('Nobody who cannot be asked starts it by accident, and one person alone does not.', async () => {
  const alone = await site.call([...FORWARD, ...WHY, '--yes', '--json']);
  expect([alone.code, codeOf(alone)]).toEqual([4, 'E_APPROVAL']);
  const silent = await site.call([...FORWARD, ...WHY, '--approved-by', 'maria', '--json']);
  expect([silent.code, codeOf(silent)]).toEqual([2, 'E_CONFIRM']);
  expect(await liveTag()).toBe('v1.1.0');
});

test('It brings the release back, ends its hold, leaves off what is off, and says all that.', async () => {
  const off = await site.call(['flags', 'list', '--json']);
  const run = await site.run([...FORWARD, ...WHY, '--approved-by', 'maria', '--yes']);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/^RETURNED to v1\.2\.0: /);
  expect(run.stdout.replaceAll(/\s+/g, ' ')).toContain('ended: v1.2.0 may be deployed again');
  expect(run.stderr).toContain('Starting return to v1.2.0');
  expect(await liveTag()).toBe('v1.2.0');
  const releases = await site.call(['release', 'list']);
  expect(releases.stdout).toMatch(/v1\.2\.0 +deployed +[^\n]*(?<!held.*)\n/);
  expect((await site.call(['release', 'gate', 'v1.2.0'])).code).toBe(0);
  expect((await site.call(['flags', 'list', '--json'])).stdout).toBe(off.stdout);

  const shown = await site.call(['incident', 'show']);
  expect(shown.stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /End the hold of v1\.2\.0: done\. v1\.2\.0 is not held any more\. It was held by .* Ended by .*: the card provider is ill/,
  );
});

test('Afterwards nothing recommends to undo the undoing, and a rollback is a rollback again.', async () => {
  const assessed = await site.call(['assess']);
  expect(assessed.stdout.replaceAll(/\s+/g, ' ')).toContain('v1.2.0 was brought back on purpose');
  const again = await site.call([...FORWARD, ...WHY, '--json']);
  expect([again.code, codeOf(again)]).toEqual([4, 'E_NOTHING_TO_UNDO']);
  const rolled = await site.run(['rollback', 'application', '--yes']);
  expect(rolled.code).toBe(0);
  expect(rolled.stdout).toMatch(/^ROLLED BACK to v1\.1\.0: /);
  expect(await liveTag()).toBe('v1.1.0');
  expect((await site.call(['release', 'gate', 'v1.2.0'])).code).toBe(4);
});

test('When somebody brought it back and left it held, that is no success; without the hold it is.', async () => {
  const commit = await site.git.git('rev-parse', 'v1.2.0');
  const place = join(dirname(site.folder), 'place');
  await writeFile(join(place, 'live'), JSON.stringify({ tag: 'v1.2.0', commit: commit.trim() }));
  const held = await site.call([...FORWARD, ...WHY, '--json']);
  expect([held.code, codeOf(held)]).toEqual([4, 'E_STILL_HELD']);
  expect((await site.call(['release', 'unhold', 'v1.2.0', ...WHY])).code).toBe(0);
  const free = await site.call([...FORWARD, ...WHY, '--json']);
  expect([free.code, codeOf(free)]).toEqual([0, 'E_ALREADY_LIVE']);
});
