/** Given a rollback that was interrupted, whatever somebody tries next ends well or is refused. */

import { isDeepStrictEqual } from 'node:util';
import { afterAll, expect, test, vi } from 'vitest';
import type { JournalEntry } from '../../src/model/journal.ts';
import { isAlive } from '../support/until.ts';
import { errorOf, expectExit } from './support/answers.ts';
import { sideBySide } from './support/boundaries.ts';
import { openGate } from './support/gate.ts';
import { openGround } from './support/ground.ts';
import { changesOf, incidentsOf, leasesOf, liveOf, startsOf } from './support/look.ts';
import { type Site, openSite } from './support/site.ts';
import { stateOf } from './support/state.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --json --reason 'Every second request fails'";
const EMERGENCY = "emergency --json --reason 'Every second request fails'";
/** While one waits for a dead lease, others use the cores. */
const AT_ONCE = 3;
/** How many moments of a run are tried, evenly spread over its entries in the journal. */
const MOMENTS = 12;

test(
  'a rollback killed at any moment is finished by resuming it, or by the same command again',
  { timeout: 240_000 },
  async () => {
    await using calm = await openSite(ground);
    expect((await calm.run(ROLLBACK)).code).toBe(0);
    const wanted = await stateOf(calm);
    const [undisturbed] = await incidentsOf(calm);
    const entries = undisturbed?.entries.length ?? 0;
    const moments = Array.from(
      { length: MOMENTS },
      (_, n) => 1 + Math.floor((n * entries) / MOMENTS),
    );
    const wrong: Record<string, unknown> = {};
    const ways = { resumed: 0, repeated: 0 };
    await sideBySide(moments, AT_ONCE, async (moment) => {
      await using site = await openSite(ground);
      const run = site.start(ROLLBACK);
      // Whatever it does just then: we only see that something has been recorded.
      await waitFor(`${moment} entries`, async () => (await entriesOf(site)).length >= moment);
      run.kill('SIGKILL');
      await run.end;
      const begun = (await entriesOf(site)).some(({ kind }) => kind === 'decision');
      ways[begun ? 'resumed' : 'repeated'] += 1;
      await waitFor('nobody has a lease', async () => (await leasesOf(site)) === 0);
      const next = await site.run(begun ? 'incident resume --json' : ROLLBACK);
      const seen = await stateOf(site);
      if (next.code === 0 && isDeepStrictEqual(seen, wanted)) return;
      wrong[`at entry ${moment}`] = { code: next.code, said: next.stderr, seen };
    });
    expect(wrong).toEqual({});
    console.log(`rollback application: killed at ${MOMENTS} moments`, ways);
  },
);

async function entriesOf(site: Site): Promise<JournalEntry[]> {
  return (await incidentsOf(site)).flatMap(({ entries }) => entries);
}

test('the same command after an interrupted rollback does not go one release further back', async () => {
  await using site = await openSite(ground);
  await site.run(ROLLBACK, { killAt: { event: 'step-ended', step: 'deploy:web' } });
  await waitFor('nobody has a lease', async () => (await leasesOf(site)) === 0);
  // v1.1.0 is live now and v1.2.0 not yet held: the last known good is v1.0.0.
  const again = await site.run(ROLLBACK);
  expectExit(again, 4);
  const { code, remedy } = errorOf(again);
  expect(code).toBe('E_UNFINISHED');
  const [incident] = await incidentsOf(site);
  expect(remedy).toContain(`backout incident resume ${incident?.id}`);
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.1.0']);

  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  const { live, releases } = await stateOf(site);
  expect(live).toBe('v1.1.0');
  expect(releases.at(-1)).toEqual({ tag: 'v1.2.0', status: 'bad', held: true });
});

test('an emergency after an interrupted rollback does not hide it from being resumed', async () => {
  await using site = await openSite(ground);
  await site.run(ROLLBACK, { killAt: { event: 'step-ended', step: 'deploy:web' } });
  expect((await site.run(EMERGENCY)).code).toBe(0);
  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  const { releases, incidents, changes, overrides, breakers } = await stateOf(site);
  expect(releases.at(-1)).toEqual({ tag: 'v1.2.0', status: 'bad', held: true });
  expect(incidents).toHaveLength(1);
  expect(changes).toEqual(['v1.1.0']);
  // The second emergency is later, and says so; nothing is ever overwritten.
  expect(overrides).toEqual(['safe', 'safe']);
  expect(breakers.states).toEqual({ stripe: 'open', twilio: 'open' });
});

test('a rollback killed between its decision and its first step is resumed from the decision', async () => {
  await using gate = await openGate(ground.database.url);
  await using site = await openSite(ground, { journalUrl: gate.url });
  const run = site.start(ROLLBACK);
  gate.onceSent('execution-started', () => run.kill('SIGKILL'));
  expect((await run.end).signal).toBe('SIGKILL');

  const [incident] = await incidentsOf(site);
  expect(incident?.entries.map(({ kind }) => kind)).toEqual(['incident-opened', 'decision']);
  expect(await changesOf(site)).toEqual([]);

  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.1.0']);
  expect((await incidentsOf(site)).map(({ chain }) => chain.intact)).toEqual([true]);
});

test('the deploy program of a killed rollback that still runs does not deploy a second time', async () => {
  await using site = await openSite(ground);
  await site.trouble('waits');
  const run = site.start(ROLLBACK);
  const first = await waitFor('the deploy program runs', async () => (await startsOf(site))[0]);
  run.kill('SIGKILL');
  await run.end;

  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  // Only now does the first program come to its change, in the name of a holder that is gone.
  await site.letGo();
  await waitFor('the first deploy program is over', async () => !(await isAlive(first.pid)));

  const changes = await changesOf(site);
  expect(changes.map(({ tag }) => tag)).toEqual(['v1.1.0']);
  expect(changes[0]?.pid).not.toBe(first.pid);
  expect(changes[0]?.fence).toBeGreaterThan(first.fence);
  expect(await liveOf(site)).toBe('v1.1.0');
});
