import { BackoutError } from '../model/error.ts';
import type { Incident } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import { type Plan, readPlan } from '../model/plan.ts';
import { readTargets } from './assess.ts';
import type { OperationPorts } from './operation-ports.ts';

/** One attempt at a plan, as the journal tells of it. */
export interface Begun {
  id: string;
  plan: Plan;
  /** Outcomes it ended with, oldest first: more than one when it was resumed. Empty: it never did. */
  ends: string[];
}

/** Every rollback of an incident, oldest first. */
export function listBegun(entries: readonly JournalEntry[]): Begun[] {
  const begun = new Map<string, Begun>();
  for (const { kind, data } of entries) {
    const id = data['execution'];
    if (typeof id !== 'string') continue;
    // The decision comes first, and has the plan too: a process can die between the two.
    if (kind === 'execution-started' || kind === 'decision') {
      const plan = readPlan(data['plan']);
      // Maintenance is started again, not continued, and must not hide a rollback that waits.
      if (plan?.level === undefined) continue;
      if (!begun.has(id)) begun.set(id, { id, plan, ends: [] });
    }
    const { outcome } = data;
    if (kind === 'execution-ended' && typeof outcome === 'string')
      begun.get(id)?.ends.push(outcome);
  }
  return [...begun.values()];
}

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

/** Not only the last: a holder that was overtaken says `refused` after its follower said `done`. */
function endedWell({ ends }: Begun): boolean {
  return ends.includes('done') || ends.includes('partial');
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
): Promise<string | undefined> {
  const [targets, releases] = await Promise.all([
    readTargets(ports),
    ports.releases.list(ports.scope),
  ]);
  // Each by itself: when they differ, one of them may be on its way and another on something newer.
  for (const { name, live } of targets) {
    if (!live.known) {
      // Not known when the plan was made either: somebody decided to go on without knowing it.
      if (unknown === 'fits' || plan.from === undefined) continue;
      return `${name} does not say what is live (${live.problem}): something newer may be.`;
    }
    if (live.tag !== plan.from && live.tag !== plan.to) {
      return `${live.tag} went live on ${name} after this rollback was planned.`;
    }
  }
  const to = releases.find(({ tag }) => tag === plan.to);
  if (to?.hold !== undefined || to?.status === 'bad') {
    return `${to.tag} must not be deployed any more: ${to.hold?.reason ?? 'it is bad'}.`;
  }
  return undefined;
}

/**
 * Whoever starts again what was interrupted means to finish it. But the interrupted one may have
 * deployed already, and not yet held what was bad: then "the last known good" is one release
 * further back, and starting again would go there.
 * @throws BackoutError E_UNFINISHED (refused)
 */
export async function requireNothingUnfinished(
  ports: OperationPorts,
  incident: Incident,
  entries: readonly JournalEntry[],
): Promise<void> {
  const last = listBegun(entries).findLast(({ plan }) => plan.level === 'application');
  // One that failed is over, and said so; only where that is not known would we go on blindly.
  if (last === undefined || endedWell(last) || last.ends.includes('failed')) return;
  if ((await findMisfit(ports, last.plan, 'fits')) !== undefined) return;
  throw new BackoutError({
    code: 'E_UNFINISHED',
    kind: 'refused',
    message: `The rollback to ${last.plan.to ?? '?'} of incident ${incident.id} was interrupted and is not finished.`,
    remedy: `Finish it first: \`backout incident resume ${incident.id}\`. Going further back is possible after that.`,
  });
}
