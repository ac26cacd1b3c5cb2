/** What to do next, from what an assessment found. Pure. */

import { GUARD_RULE } from '../model/guard-record.ts';
import { runsRelease } from '../model/live.ts';
import { heldBy } from '../model/release.ts';
import type { StillOff } from '../model/still-off.ts';
import type { Assessment } from './assess.ts';
import { broughtBy, type LastMove } from './last-move.ts';
import { agreedRelease } from './live-state.ts';
import { misfitOf } from './plan-fit.ts';

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
  const back = findBroughtBack(situation);
  if (back !== undefined) {
    const since = back.written
      ? 'is back since this incident began.'
      : `went live since incident ${back.incident} began. If that is over: \`backout incident close ${back.incident}\`.`;
    return {
      level: undefined,
      why: `${live ?? situation.presumed ?? '?'} ${since} When the service is well: recover.`,
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

/** Whether a rollback or a return was begun, is not proven, has left its traces, and still fits. */
function isHalfWay(situation: Situation): boolean {
  const { lastMove, targets } = situation;
  if (lastMove === undefined || lastMove.state === 'done') return false;
  // By the rule by which it can be resumed: else one would send to the other, and back.
  if (lastMove.state === 'open') return misfitOf(lastMove.plan, situation, 'fits') === undefined;
  // It failed, and said so: half-way only where some targets are there and others are not, or where
  // all are and what was bad may still be deployed.
  return isPartly(targets, lastMove.to, commitOfGoal(lastMove)) || cameUnproven(situation);
}

/**
 * Whether a rollback that is not proven came all the same, late or unseen, while what it left is not
 * held: the hold comes after the deployments, and it did not get there.
 */
export function cameUnproven(
  situation: Pick<Situation, 'lastMove' | 'presumed' | 'targets' | 'releases'>,
): boolean {
  const { lastMove, presumed, releases } = situation;
  if (lastMove === undefined || lastMove.isReturn || lastMove.state === 'done') return false;
  const { from, to, plan } = lastMove;
  if (to !== presumed || from === undefined || heldBy(releases, from) !== undefined) return false;
  return misfitOf(plan, situation, 'fits') === undefined;
}

/** The commit of what a rollback or a return went to. */
export function commitOfGoal({ plan }: Pick<LastMove, 'plan'>): string | undefined {
  return broughtBy(plan)?.commit;
}

/** Whether some targets run this release, and not all are known to. */
export function isPartly(targets: Situation['targets'], tag: string, commit?: string): boolean {
  const there = targets.some(({ live }) => {
    if (!live.known) return false;
    return commit === undefined ? live.tag === tag : runsRelease(live, { tag, commit });
  });
  return there && agreedRelease(targets) === undefined;
}

/** Whether what is live was brought back on purpose, by a return from a rollback. */
function isReturned({ live, lastMove }: Pick<Situation, 'live' | 'lastMove'>): boolean {
  return lastMove?.isReturn === true && lastMove.state !== 'open' && lastMove.to === live;
}

/** Where a release that is live came back, or may have. */
interface BroughtBack {
  incident: string;
  /** False: nobody wrote down who brought it; it went live since the incident began. */
  written: boolean;
}

/**
 * The open incident during which what is live came back; undefined when it did not. What targets do
 * not say is taken to be as presumed: asked again, a rollback would otherwise go one release too far.
 */
export function findBroughtBack({
  presumed,
  releases,
  openIncidents,
  lastMove,
}: Pick<Situation, 'presumed' | 'releases' | 'openIncidents' | 'lastMove'>):
  | BroughtBack
  | undefined {
  if (isReturned({ live: presumed, lastMove })) return undefined;
  const release = releases.find(({ tag }) => tag === presumed);
  if (release?.status !== 'good' || release.hold !== undefined) return undefined;
  const brought = lastMove?.isReturn === false && lastMove.state === 'done';
  if (brought && lastMove.to === presumed) return { incident: lastMove.incident, written: true };
  for (const { id: incident, openedAt, rule } of openIncidents) {
    if (openedAt >= release.deployedAt) continue;
    const goals = lastMove?.goals[incident];
    if (goals?.includes(release.tag) === true) return { incident, written: true };
    // Nothing was gone back to: by hand somebody may have. The guard only tells, and stays open.
    if (goals === undefined && rule !== GUARD_RULE) return { incident, written: false };
  }
  return undefined;
}
