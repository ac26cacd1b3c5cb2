import type { LiveSignal } from '../model/live-signals.ts';
import { LEVELS } from '../model/level.ts';
import type { Lease } from '../model/lease.ts';
import type { Assessment } from './assess.ts';
import type { Interrupted } from './find-interrupted.ts';

export interface Situation {
  assessment: Pick<Assessment, 'recommended' | 'live' | 'knownGood'>;
  signals: readonly LiveSignal[];
  /** Unexpired rights to change this service's targets. */
  running: readonly Lease[];
  interrupted: Interrupted | undefined;
}

type Advice = Assessment['recommended'];

/**
 * What to do, now that more is known than releases and flags: whoever is at it is not disturbed,
 * what was interrupted is finished first, and the matrix says how high to go.
 */
export function advise({ assessment, signals, running, interrupted }: Situation): Advice {
  const { recommended, knownGood, live } = assessment;
  const [lease] = running;
  if (lease !== undefined) {
    return {
      level: undefined,
      why: `${lease.holder} is changing this service in incident ${lease.incident}. Wait for it: a second one would be refused.`,
      command: `backout incident show ${lease.incident}`,
    };
  }
  if (interrupted !== undefined) {
    return {
      level: undefined,
      why: `${interrupted.text} Finish it before anything else.`,
      command: `backout incident resume ${interrupted.incident}`,
    };
  }
  const worst = worstOf(signals);
  if (worst === undefined) {
    const isMeasured = signals.some(({ state }) => state === 'not-met');
    const calm = isMeasured ? 'No measured rule is met. ' : '';
    return { ...recommended, why: calm + recommended.why };
  }
  const said = `${worst.rule} is met: ${worst.text}. `;
  const to = knownGood.release;
  if (worst.level === 'application' && recommended.level === 'flags' && to !== undefined) {
    return {
      level: 'application',
      why: `${said}Go from ${live ?? 'what is live'} to ${to.tag}: making safe is its first step.`,
      command: 'backout rollback application',
    };
  }
  return { ...recommended, why: said + recommended.why };
}

/** The met rule that leads highest; of several the first of the matrix. */
function worstOf(signals: readonly LiveSignal[]): LiveSignal | undefined {
  return signals
    .filter(({ state }) => state === 'met')
    .toSorted((a, b) => rankOf(b) - rankOf(a))[0];
}

/** What leads to no level comes last. */
function rankOf({ level }: LiveSignal): number {
  return level === undefined ? -1 : LEVELS.indexOf(level);
}
