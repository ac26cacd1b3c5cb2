/**
 * Given a rollback that is killed with SIGKILL at a boundary of its work, when somebody resumes it,
 * then the end is that of an undisturbed run and nothing was done twice. The boundaries are those
 * that an undisturbed run reports.
 */

import { isDeepStrictEqual } from 'node:util';
import { afterAll, expect, test, vi } from 'vitest';
import { describeBoundary, findBoundaries, sideBySide } from './support/boundaries.ts';
import { openGround } from './support/ground.ts';
import { openSite } from './support/site.ts';
import { stateOf } from './support/state.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --json --reason 'Every second request fails'";
const EMERGENCY = "emergency --json --reason 'Every second request fails'";
/** Two cores, and every killed run waits three seconds for the dead one's lease. */
const AT_ONCE = 3;

/** Kills the command at every one of its boundaries, each on a site of its own, and resumes. */
async function killEverywhere(command: string): Promise<{ boundaries: number; seconds: number }> {
  const began = performance.now();
  await using calm = await openSite(ground);
  const boundaries = await findBoundaries(calm, command);
  const wanted = await stateOf(calm);
  const wrong: Record<string, unknown> = {};
  await sideBySide(boundaries, AT_ONCE, async (boundary) => {
    await using site = await openSite(ground);
    const killed = await site.run(command, { killAt: boundary });
    const resumed = await site.run('incident resume --json');
    const seen = await stateOf(site);
    const ok = killed.signal === 'SIGKILL' && resumed.code === 0 && isDeepStrictEqual(seen, wanted);
    if (ok) return;
    const { signal, code } = killed;
    wrong[describeBoundary(boundary)] = { signal, code, resumed: resumed.stderr, seen };
  });
  expect(wrong).toEqual({});
  return { boundaries: boundaries.length, seconds: (performance.now() - began) / 1_000 };
}

function report(what: string, { boundaries, seconds }: { boundaries: number; seconds: number }) {
  console.log(`${what}: killed at ${boundaries} boundaries, resumed all, ${seconds.toFixed(0)} s`);
}

test(
  'a rollback killed at any boundary and resumed ends like an undisturbed one',
  { timeout: 400_000 },
  async () => {
    const figures = await killEverywhere(ROLLBACK);
    report('rollback application', figures);
    // Ten steps with four boundaries each, and the start.
    expect(figures.boundaries).toBe(41);
  },
);

test(
  'an emergency killed at any boundary and resumed ends like an undisturbed one',
  { timeout: 200_000 },
  async () => {
    const figures = await killEverywhere(EMERGENCY);
    report('emergency', figures);
    expect(figures.boundaries).toBe(13);
  },
);
