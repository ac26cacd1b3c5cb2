/** Given a deploy program that goes wrong in each of the ways there are, nothing wrong is claimed. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { isAlive } from '../support/until.ts';
import { errorOf, expectExit, resultOf } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { changesOf, liveOf, releasesOf, startsOf } from './support/look.ts';
import { type Site, openSite } from './support/site.ts';
import { stateOf } from './support/state.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --json --reason 'Every second request fails'";

async function expectRolledBack(site: Site): Promise<void> {
  const { live, changes, releases, incidents } = await stateOf(site);
  expect({ live, changes }).toEqual({ live: 'v1.1.0', changes: ['v1.1.0'] });
  expect(releases.at(-1)).toEqual({ tag: 'v1.2.0', status: 'bad', held: true });
  expect(incidents).toEqual([{ intact: true, repeatedIntents: [], opened: 1, decisions: 1 }]);
}

test('it says no: the rollback has failed, and resuming after the repair finishes it', async () => {
  await using site = await openSite(ground);
  await site.trouble('fails');
  const end = await site.run(ROLLBACK);
  expectExit(end, 1);
  const { outcome, steps, problems } = resultOf(end);
  expect(outcome).toBe('failed');
  expect(steps['deploy:web']?.outcome).toBe('failed');
  expect(steps['hold-release']?.outcome).toBe('not-run');
  expect(problems).toContain('no space left on device');
  expect(await changesOf(site)).toEqual([]);
  expect(await liveOf(site)).toBe('v1.2.0');
  expect((await releasesOf(site)).map(({ held }) => held)).toEqual([null, null, null]);

  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  await expectRolledBack(site);
});

test('it hangs: it is ended at its cap with all that it started, and is unknown', async () => {
  await using site = await openSite(ground, { deployTimeout: '4s' });
  await site.trouble('hangs');
  const end = await site.run(ROLLBACK);
  // Nothing of it runs here any more; what it had asked of a platform may still come.
  expectExit(end, 3);
  expect(resultOf(end).steps['deploy:web']?.outcome).toBe('unknown');
  expect(end.ms).toBeLessThan(30_000);
  const starts = await startsOf(site);
  expect(starts).toHaveLength(1);
  for (const { pid } of starts) expect(await isAlive(pid)).toBe(false);
  expect(await changesOf(site)).toEqual([]);

  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  await expectRolledBack(site);
});

test('it deploys and then says no: what is live decides, so it is done', async () => {
  await using site = await openSite(ground);
  await site.trouble('works, then fails');
  const end = await site.run(ROLLBACK);
  expectExit(end, 0);
  expect(resultOf(end).steps['deploy:web']?.outcome).toBe('done');
  expect(await startsOf(site)).toHaveLength(1);
  await expectRolledBack(site);
});

test('it deploys, and what is live cannot be read: unknown, until somebody repairs that', async () => {
  await using site = await openSite(ground);
  await site.trouble('works, then garbles');
  const end = await site.run(ROLLBACK);
  expectExit(end, 3);
  expect(resultOf(end).outcome).toBe('unknown');
  expect(resultOf(end).steps['deploy:web']?.outcome).toBe('unknown');
  // Unknown is not a success: nothing that depends on it was done.
  expect((await releasesOf(site)).map(({ held }) => held)).toEqual([null, null, null]);

  // Still garbled: what is live may be something newer, so nothing is deployed a second time.
  const again = await site.run('incident resume --json');
  expectExit(again, 4);
  expect(errorOf(again).code).toBe('E_LIVE_UNKNOWN');
  expect(await startsOf(site)).toHaveLength(1);

  await rm(join(site.state, 'garbled'));
  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  expect(await startsOf(site)).toHaveLength(1);
  await expectRolledBack(site);
});
