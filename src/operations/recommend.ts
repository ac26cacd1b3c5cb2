/** What to do next, from what an assessment found. Pure. */

import type { StillOff } from '../model/still-off.ts';
import type { Assessment } from './assess.ts';
import { agreedRelease } from './live-state.ts';

type Situation = Pick<
  Assessment,
  'targets' | 'live' | 'presumed' | 'knownGood' | 'releases' | 'openIncidents' | 'lastMove'
>;

/** The lowest level that may help, why, and the command for it. */
export function recommend(off: StillOff, situation: Situation): Assessment['recommended'] {
  if (off.incidents.length === 0) {
    return {
      level: 'flags',
      why:
        off.problems.length === 0
          ? 'The safe state is off. It takes seconds and undoes nothing.'
          : 'Whether the safe state is on cannot be read. Asking for it again undoes nothing.',
      command: 'backout emergency --reason "…"',
    };
  }
  const { live, lastMove, knownGood } = situation;
  const wayUp =
    off.breakers.length > 0
      ? 'backout breakers reset'
      : 'backout flags lift --by NAME --reason "…"';
  if (lastMove !== undefined && isHalfWay(situation)) {
    const what = lastMove.isReturn ? 'return' : 'rollback';
    return {
      level: 'application',
      why: `The ${what} to ${lastMove.to} of incident ${lastMove.incident} is not finished: go on with it.`,
      command: `backout incident resume ${lastMove.incident}`,
    };
  }
  // Rolled back in this incident already: the next thing is the way up, not a still older release.
  if (isRolledBack(situation)) {
    return {
      level: undefined,
      why: `${live ?? situation.presumed ?? '?'} is back since this incident began. When the service is well: recover.`,
      command: wayUp,
    };
  }
  if (isReturned(situation)) {
    return {
      level: undefined,
      why:
        `${live ?? '?'} was brought back on purpose: the rollback did not help. See what else changed. ` +
        'When the service is well: recover. To roll back again: `backout rollback application`.',
      command: wayUp,
    };
  }
  const { release } = knownGood;
  if (release === undefined) {
    return {
      level: undefined,
      why: 'The safe state is on, and no other release is known to be good.',
      command: undefined,
    };
  }
  return {
    level: 'application',
    why: `The safe state is on. If it does not help, go from ${live ?? 'what is live'} to ${release.tag}.`,
    command: 'backout rollback application',
  };
}

/** Whether a rollback or a return was begun, is not proven, and has left its traces. */
function isHalfWay({ lastMove, targets }: Pick<Situation, 'lastMove' | 'targets'>): boolean {
  if (lastMove === undefined || lastMove.state === 'done') return false;
  if (lastMove.state === 'open') return true;
  // It failed, and said so: half-way only where some targets are there and others are not.
  return isPartly(targets, lastMove.to);
}

/** Whether some targets run this release, and not all are known to. */
export function isPartly(targets: Situation['targets'], tag: string): boolean {
  const there = targets.some(({ live }) => live.known && live.tag === tag);
  return there && agreedRelease(targets) === undefined;
}

/** Whether what is live was brought back on purpose, by a return from a rollback. */
function isReturned({ live, lastMove }: Pick<Situation, 'live' | 'lastMove'>): boolean {
  return lastMove?.isReturn === true && lastMove.state !== 'open' && lastMove.to === live;
}

/**
 * Whether what is live came back during an incident that is still open. What targets do not say is
 * taken to be as presumed: asked again, a rollback would otherwise go one release too far.
 */
export function isRolledBack({
  presumed,
  releases,
  openIncidents,
  lastMove,
}: Pick<Situation, 'presumed' | 'releases' | 'openIncidents' | 'lastMove'>): boolean {
  if (isReturned({ live: presumed, lastMove })) return false;
  const release = releases.find(({ tag }) => tag === presumed);
  if (release?.status !== 'good' || release.hold !== undefined) return false;
  const brought = lastMove?.isReturn === false && lastMove.state === 'done';
  if (brought && lastMove.to === presumed) return true;
  return openIncidents.some((one) => one.openedAt < release.deployedAt);
}
