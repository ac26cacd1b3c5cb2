import { BackoutError } from '../model/error.ts';
import type { Incident } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import { runsRelease, type Said } from '../model/live.ts';
import type { Plan } from '../model/plan.ts';
import type { Assessment } from './assess.ts';
import { type Begun, endedWell, listBegun } from './last-move.ts';
import { nameParts, readTargets } from './live-state.ts';
import type { OperationPorts } from './operation-ports.ts';
import { isPartly } from './recommend.ts';

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

/** Why a plan no longer fits. `unread`: a target does not say what is live. */
export interface Misfit {
  kind: 'changed' | 'unread';
  why: string;
}

/**
 * Why a plan no longer fits, or undefined when it does. It may have lain for days: what is live
 * must be one of its two ends. Anything else went live after it, and an older plan never overwrites
 * a newer state.
 * @param unknown what it means when a target does not say what is live
 */
export async function findMisfit(
  ports: OperationPorts,
  plan: Plan,
  unknown: 'fits' | 'misfit',
): Promise<Misfit | undefined> {
  const [said, releases] = await Promise.all([
    readTargets(ports),
    ports.releases.list(ports.scope),
  ]);
  const targets = nameParts(said, { tags: [], releases });
  // Each by itself: when they differ, one of them may be on its way and another on something newer.
  for (const { name, live } of targets) {
    if (!live.known) {
      // Not known when the plan was made either: somebody decided to go on without knowing it.
      if (unknown === 'fits' || !wasKnown(plan, name)) continue;
      const why = `${name} does not say what is live (${live.problem}): something newer may be.`;
      return { kind: 'unread', why };
    }
    if (!isEndOf(plan, name, live)) {
      const what = plan.undoes === undefined ? 'rollback' : 'return';
      const why = `${live.tag} went live on ${name} after this ${what} was planned.`;
      return { kind: 'changed', why };
    }
  }
  // A return goes to what is held on purpose.
  if (plan.undoes !== undefined) return undefined;
  const to = releases.find(({ tag }) => tag === plan.to);
  if (to?.hold !== undefined || to?.status === 'bad') {
    const why = `${to.tag} must not be deployed any more: ${to.hold?.reason ?? 'it is bad'}.`;
    return { kind: 'changed', why };
  }
  return undefined;
}

function wasKnown({ from, from_parts: parts }: Plan, target: string): boolean {
  return parts === undefined ? from !== undefined : Object.hasOwn(parts, target);
}

/** Whether this may be live on a target while the plan is under way. */
function isEndOf(plan: Plan, target: string, live: Said): boolean {
  if (endsOn(plan, target).includes(live.tag)) return true;
  // A program that knows nothing but commits says one in place of the tag.
  return plan.steps.some(
    ({ action }) =>
      ((action.kind === 'deploy' && action.target === target) || action.kind === 'hold-release') &&
      runsRelease(live, action),
  );
}

function endsOn({ from, to, from_parts: parts }: Plan, target: string): (string | undefined)[] {
  if (parts === undefined) return [from, to];
  // One that did not say what it runs: most probably what the others ran.
  return Object.hasOwn(parts, target) ? [parts[target], to] : [...Object.values(parts), from, to];
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
  if (last === undefined || endedWell(last) || last.ends.includes('failed')) return;
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
  if (lastMove.to === to || !isPartly(targets, lastMove.to)) return;
  throw unfinished(
    lastMove.incident,
    { to: lastMove.to },
    `is only partly done, and the last known good is ${to} by now`,
    `To go to ${to} instead, name it: \`backout rollback application --to ${to}\`.`,
  );
}

/**
 * Where what is named is live already, its rollback may still have to hold what was bad.
 * @throws BackoutError E_UNFINISHED (refused)
 */
export function requireNotHalfDone(
  { lastMove, live }: Pick<Assessment, 'lastMove' | 'live'>,
  named: string,
): void {
  if (lastMove?.state !== 'open' || lastMove.isReturn) return;
  if (lastMove.to !== named || live !== named) return;
  const how = 'was interrupted and is not finished: it is live, and what was bad is not held yet';
  throw unfinished(lastMove.incident, { to: named }, how, '');
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
