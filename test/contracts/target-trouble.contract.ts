/**
 * What each kind of target does on a bad day. One table per kind says how the trouble is caused,
 * how the deployment ends, what is live then, what was really done, and what another process, which
 * remembers nothing, still does to get to the end. A kind that leaves one out does not compile.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import type { ReleaseRef, Target } from '../../src/ports/target.ts';
import type { ApplySettings } from './programs/apply.ts';

/** Live at the beginning; what is gone back to; what somebody else deploys meanwhile. */
export const BAD: ReleaseRef = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };
export const GOOD: ReleaseRef = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
export const THEIRS: ReleaseRef = { tag: 'v1.3.0', commit: 'c3'.repeat(20) };

/** A place where BAD is live, and GOOD and THEIRS can be deployed. */
export interface TroubledPlace extends AsyncDisposable {
  target: Target;
  /** As another process has it. */
  another(): Target;
  /** What was really changed, as a witness outside saw it, in order. */
  effects(): string[];
  /** The same target in the words of backout.yml, and what its process finds around it. */
  settings: Pick<ApplySettings, 'target' | 'stateDirectory'> & { variables: NodeJS.ProcessEnv };
}

type Ending = Pick<BackoutError, 'code' | 'kind' | 'retryable'>;

export interface Trouble<Place> {
  /** Causes it, before the deployment begins. */
  begin?(place: Place): unknown;
  /** Happens beside the deployment. */
  meanwhile?(place: Place): Promise<unknown>;
  /** The moment at which the time of the step is over, or its process is killed. */
  cutAt?(place: Place): Promise<unknown>;
  /** How the deployment ends; left out: well. Of a process that was killed nothing is heard. */
  ends?: Ending;
  /** What is live then; undefined: the target cannot tell. */
  live: ReleaseRef | undefined;
  effects: string[];
  /** Tries of the call or program that was refused: bounded, and no more than these. */
  tries?: { of(place: Place): number; are: number };
  /** Takes the cause away; left out: it is still there when it is resumed. */
  end?(place: Place): unknown;
  /** Everything done once another process has gone to the same release. */
  resumed: string[];
  /** Left out: GOOD is live after that. */
  resumeEnds?: Ending;
  /** What else was seen in the end. */
  saw?: { of(place: Place): unknown; is: unknown };
}

const TROUBLES = [
  'a newer rollback that takes over in the middle',
  'a deployment by somebody else in the middle',
  'throttling that ends',
  'throttling without end',
  'a partial failure',
  'a timeout after the change was made',
  'a kill in the middle',
] as const;
export type Troubles<Place> = Record<(typeof TROUBLES)[number], Trouble<Place>>;

const FENCED: Ending = { code: 'E_FENCED', kind: 'refused', retryable: false };
/** What a newer holder of the lease makes of an older one; it stays so. */
export const OVERTAKEN = {
  ends: FENCED,
  live: THEIRS,
  effects: [THEIRS.tag],
  resumed: [THEIRS.tag],
  resumeEnds: FENCED,
};
export const TOO_FAST: Ending = { code: 'E_DEPLOY', kind: 'failed', retryable: true };
/** Refused for coming too fast, now and later: nothing was done, and it says so. */
export const NEVER_LET_IN = {
  ends: TOO_FAST,
  live: BAD,
  effects: [],
  resumed: [],
  resumeEnds: TOO_FAST,
};
export const SOMEBODY: Ending = { code: 'E_TARGET_CHANGED', kind: 'refused', retryable: false };
export const FAILED: Ending = { code: 'E_DEPLOY', kind: 'failed', retryable: false };
/** Nobody knows yet; it is read back. */
export const UNCERTAIN: Ending = { code: 'E_DEPLOY', kind: 'uncertain', retryable: true };

const APPLY = fileURLToPath(new URL('programs/apply.ts', import.meta.url));

/** @param open a place as this trouble needs it */
export function targetTroubleContract<Place extends TroubledPlace>(
  kind: string,
  open: (trouble: (typeof TROUBLES)[number]) => Promise<Place>,
  table: Troubles<NoInfer<Place>>,
): void {
  describe(`A target of kind ${kind} survives`, () => {
    it.each(TROUBLES)('%s', async (name) => {
      const trouble = table[name];
      await using place = await open(name);
      await trouble.begin?.(place);
      const isKill = name === 'a kill in the middle';
      const ended = await (isKill ? killInTheMiddle(place, trouble) : applyOnce(place, trouble));
      expect(ended).toEqual(trouble.ends);
      expect(place.effects()).toEqual(trouble.effects);
      expect(trouble.tries?.of(place)).toBe(trouble.tries?.are);
      await expectLive(place.target, trouble.live);
      await trouble.end?.(place);
      const resumed = await endOf(place.another().apply(GOOD, guard()));
      expect(resumed).toEqual(trouble.resumeEnds);
      expect(place.effects()).toEqual(trouble.resumed);
      await expectLive(place.another(), trouble.resumeEnds === undefined ? GOOD : trouble.live);
      expect(trouble.saw?.of(place)).toEqual(trouble.saw?.is);
    });
  });
}

export function guard(fence = 1, signal = new AbortController().signal) {
  return { fence, incident: 'incident1', signal };
}

async function applyOnce<Place extends TroubledPlace>(
  place: Place,
  trouble: Trouble<Place>,
): Promise<Ending | undefined> {
  const stop = new AbortController();
  const applying = endOf(place.target.apply(GOOD, guard(1, stop.signal)));
  await trouble.meanwhile?.(place);
  await trouble.cutAt?.(place);
  if (trouble.cutAt !== undefined) stop.abort(new Error('the cap of the step is over'));
  return await applying;
}

/** A process of its own, which is ended with SIGKILL: it can tidy nothing up. */
async function killInTheMiddle<Place extends TroubledPlace>(
  place: Place,
  trouble: Trouble<Place>,
): Promise<undefined> {
  const { variables, ...settings } = place.settings;
  const about: ApplySettings = { ...settings, release: GOOD, fence: 1, incident: 'incident1' };
  const child = spawn(process.execPath, [APPLY, JSON.stringify(about)], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: 'inherit',
  });
  const over = once(child, 'exit');
  try {
    const early = over.then(([code]) => {
      throw new Error(`It ended with code ${code} before it could be killed.`);
    });
    await Promise.race([trouble.cutAt?.(place), early]);
  } finally {
    child.kill('SIGKILL');
    await over;
  }
  return undefined;
}

/** Undefined when it ended well. */
async function endOf(applying: Promise<void>): Promise<Ending | undefined> {
  try {
    await applying;
    return undefined;
  } catch (error) {
    if (!(error instanceof BackoutError)) throw error;
    const { code, kind, retryable } = error;
    return { code, kind, retryable };
  }
}

async function expectLive(target: Target, expected: ReleaseRef | undefined): Promise<void> {
  const live = await target.current(new AbortController().signal);
  expect(live).toMatchObject(
    expected === undefined ? { known: false } : { known: true, ...expected },
  );
}
