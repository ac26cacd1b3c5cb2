import { BackoutError } from '../model/error.ts';
import type { Incident } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import type { Plan } from '../model/plan.ts';
import type { Assessment } from './assess.ts';
import { type Begun, endedWell, listBegun, stateOf } from './last-move.ts';
import { nameParts, readTargets } from './live-state.ts';
import type { OperationPorts } from './operation-ports.ts';
import { type Misfit, misfitOf } from './plan-fit.ts';
import { cameUnproven, commitOfGoal, isPartly } from './recommend.ts';

/**
 * The execution to continue: the newest that did not end well, unless a later one of level
 * application took its place. When all ended well, the newest.
 * @throws BackoutError E_NOTHING_TO_RESUME
 */
export function findResumable(incident: Incident, entries: readonly JournalEntry[]): Begun {
  const newestFirst = listBegun(entries).toReversed();
  for (const begun of newestFirst) {
    if (!endedWell(begun)) return begun;
    // An emergency is asked for again and again; it takes no rollback's place.
    if (begun.plan.level !== 'flags') break;
  }
  const [newest] = newestFirst;
  if (newest !== undefined) return newest;
  throw new BackoutError({
    code: 'E_NOTHING_TO_RESUME',
    kind: 'usage',
    message: `Nothing was started in incident ${incident.id} that could be continued.`,
    remedy: 'Start one: `backout emergency` or `backout rollback application`.',
  });
}

/** Why a plan no longer fits what is live now, or undefined when it does ({@link misfitOf}). */
export async function findMisfit(
  ports: OperationPorts,
  plan: Plan,
  unknown: 'fits' | 'misfit',
): Promise<Misfit | undefined> {
  const [said, releases] = await Promise.all([
    readTargets(ports),
    ports.releases.list(ports.scope),
  ]);
  return misfitOf(plan, { targets: nameParts(said, { tags: [], releases }), releases }, unknown);
}

/**
 * Whoever starts again what was interrupted means to finish it. But the interrupted one may have
 * deployed already, and not yet held what was bad: then "the last known good" is one release
 * further back, and starting again would go there. Whoever names a release has decided that; a
 * rollback after an interrupted return is always free to begin.
 * @throws BackoutError E_UNFINISHED (refused)
 */
export async function requireNothingUnfinished(
  ports: OperationPorts,
  incident: Incident,
  entries: readonly JournalEntry[],
  wanted: { named: boolean; plan: Pick<Plan, 'to' | 'undoes'> },
): Promise<void> {
  const last = listBegun(entries).findLast(({ plan }) => plan.level === 'application');
  // One that failed is over, and said so; only where that is not known would we go on blindly.
  if (last === undefined || stateOf(last) !== 'open') return;
  const { plan, ends } = last;
  if (plan.undoes !== undefined && wanted.plan.undoes === undefined) return;
  // Nobody can tell how it ended, and it may stay so: a person who names a release goes on.
  if (wanted.named && (plan.to === wanted.plan.to || ends.includes('unknown'))) return;
  // A rollback that is taken back need not be finished first.
  if (wanted.plan.undoes !== undefined && plan.undoes === undefined) return;
  if ((await findMisfit(ports, plan, 'fits')) !== undefined) return;
  throw unfinished(incident.id, plan, 'was interrupted and is not finished');
}

/**
 * A rollback that did only a part: without a name, the next one goes to the same release or nowhere.
 * @throws BackoutError E_UNFINISHED (refused)
 */
export function requireSameGoal(
  { lastMove, targets }: Pick<Assessment, 'lastMove' | 'targets'>,
  to: string,
): void {
  if (lastMove === undefined || lastMove.isReturn || lastMove.state === 'done') return;
  if (lastMove.to === to || !isPartly(targets, lastMove.to, commitOfGoal(lastMove))) return;
  throw unfinished(
    lastMove.incident,
    { to: lastMove.to },
    `is only partly done, and the last known good is ${to} by now`,
    `To go to ${to} instead, name it: \`backout rollback application --to ${to}\`.`,
  );
}

/**
 * Where what a rollback went to is live, that rollback may still have to hold what was bad. Without a
 * name the next one would go one release too far, and hold the good one; by the same name there would
 * be nothing to do.
 * @throws BackoutError E_UNFINISHED (refused)
 */
export function requireNotHalfDone(
  situation: Pick<Assessment, 'lastMove' | 'live' | 'presumed' | 'targets' | 'releases'>,
  named: string | undefined,
): void {
  const { lastMove, live } = situation;
  if (lastMove === undefined) return;
  const { incident, to, state, isReturn } = lastMove;
  if (named !== undefined && (to !== named || live !== named)) return;
  if (cameUnproven(situation)) {
    const held = `${lastMove.from?.tag ?? 'what was bad'} is not held yet`;
    const how =
      state === 'open'
        ? `was interrupted and is not finished: ${held}`
        : `failed, and ${to} came all the same: ${held}`;
    throw unfinished(incident, { to }, how, '');
  }
  if (named === undefined || isReturn || state !== 'open') return;
  if (misfitOf(lastMove.plan, situation, 'fits') !== undefined) return;
  throw unfinished(incident, { to }, 'was interrupted and is not finished', '');
}

/**
 * The refusal to begin something else before what was begun is over.
 * @param otherwise the way on where finishing it cannot work
 */
export function unfinished(
  incident: string,
  { to = '?', undoes }: { to?: string; undoes?: unknown },
  how: string,
  otherwise = undoes === undefined
    ? `Where that cannot work, start it again by name: \`backout rollback application --to ${to}\`.`
    : 'Or roll back again: `backout rollback application`.',
): BackoutError {
  return new BackoutError({
    code: 'E_UNFINISHED',
    kind: 'refused',
    message: `The ${undoes === undefined ? 'rollback' : 'return'} to ${to} of incident ${incident} ${how}.`,
    remedy: [
      `Finish it first: \`backout incident resume ${incident}\`.`,
      ...(undoes === undefined ? ['Going further back is possible after that.'] : []),
      ...(otherwise === '' ? [] : [otherwise]),
    ].join(' '),
  });
}
