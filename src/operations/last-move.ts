/** The rollbacks, and the returns from them, that the journal tells of. */

import type { Incident } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import { type Plan, readPlan } from '../model/plan.ts';
import type { OperationPorts } from './operation-ports.ts';

/** Incidents that are looked at: what was moved before those is history. */
const MOST_INCIDENTS = 20;

/** One attempt at a plan, as the journal tells of it. */
export interface Begun {
  id: string;
  plan: Plan;
  /** Why, as it was said when it was decided; undefined where nobody wrote it down. */
  reason: string | undefined;
  /** Outcomes it ended with, oldest first: more than one when it was resumed. Empty: it never did. */
  ends: string[];
  /** Whether somebody went on with it since: then none of its ends is how it ended. */
  isResumed: boolean;
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
      const { reason } = data;
      const said = typeof reason === 'string' ? reason : undefined;
      if (!begun.has(id)) begun.set(id, { id, plan, reason: said, ends: [], isResumed: false });
    }
    const { outcome } = data;
    const known = begun.get(id);
    if (known === undefined) continue;
    // Going on with it writes no other beginning: what it does next is the only sign.
    if (kind === 'intent' || kind === 'outcome') known.isResumed = known.ends.length > 0;
    if (kind === 'execution-ended' && typeof outcome === 'string') {
      known.ends.push(outcome);
      // Who was refused says nothing of who has the right now.
      if (outcome !== 'refused') known.isResumed = false;
    }
  }
  return [...begun.values()];
}

/** Not only the last: a holder that was overtaken says `refused` after its follower said `done`. */
export function endedWell({ ends }: Begun): boolean {
  return ends.includes('done') || ends.includes('partial');
}

/**
 * How it stands. One that failed is over, and said so, as long as nobody went on with it; `open`: it
 * was interrupted, or nobody knows how it ended.
 */
export function stateOf(begun: Begun): 'done' | 'failed' | 'open' {
  if (endedWell(begun)) return 'done';
  const end = begun.ends.findLast((one) => one !== 'refused');
  return end === 'failed' && !begun.isResumed ? 'failed' : 'open';
}

/** The newest rollback of level application, or the return from one. */
export interface LastMove {
  incident: string;
  execution: string;
  /** What it left, and the commit of that; undefined where that was not known. */
  from: { tag: string; commit: string } | undefined;
  to: string;
  isReturn: boolean;
  state: ReturnType<typeof stateOf>;
  plan: Plan;
  /** Releases that rollbacks and returns went to, by incident; this one's is among them. */
  goals: Readonly<Record<string, readonly string[]>>;
}

/** A rollback or a return, with the incident that it is of. */
export interface Move {
  incident: string;
  begun: Begun;
  /** When it was decided, ISO 8601 UTC. */
  at: string;
  /** Of the whole incident. */
  entries: readonly JournalEntry[];
}

/** Rollbacks of level application and returns, the newest first, of at most 20 incidents. */
export async function listMoves(
  ports: Pick<OperationPorts, 'journal' | 'scope'>,
  incidents: readonly Incident[],
): Promise<Move[]> {
  const found = await Promise.all(
    incidents.slice(0, MOST_INCIDENTS).map(async ({ id: incident }) => {
      const entries = await ports.journal.read(ports.scope, incident);
      return listBegun(entries)
        .filter(({ plan }) => plan.level === 'application')
        .map((begun): Move => {
          const first = entries.find(({ data }) => data['execution'] === begun.id);
          return { incident, begun, at: first?.at ?? '', entries };
        })
        .toReversed();
    }),
  );
  return found.flat().toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

/** @returns undefined when none of these incidents has any */
export async function findLastMove(
  ports: Pick<OperationPorts, 'journal' | 'scope'>,
  incidents: readonly Incident[],
): Promise<LastMove | undefined> {
  const moves = await listMoves(ports, incidents);
  const [last] = moves;
  if (last?.begun.plan.to === undefined) return undefined;
  const { begun, incident } = last;
  const { id, plan } = begun;
  const goals: Record<string, string[]> = {};
  for (const one of moves) (goals[one.incident] ??= []).push(one.begun.plan.to ?? '?');
  return {
    incident,
    execution: id,
    from: leftBy(plan),
    to: last.begun.plan.to,
    isReturn: plan.undoes !== undefined,
    state: stateOf(begun),
    plan,
    goals,
  };
}

/** The release that a rollback leaves, as its hold names it. */
export function leftBy({ steps }: Plan): { tag: string; commit: string } | undefined {
  for (const { action } of steps) {
    if (action.kind === 'hold-release') return { tag: action.tag, commit: action.commit };
  }
  return undefined;
}

/** The release that a plan deploys, with the commit that it had then: its tag may be moved by now. */
export function broughtBy({ steps }: Plan): { tag: string; commit: string } | undefined {
  for (const { action } of steps) {
    if (action.kind === 'deploy') return { tag: action.tag, commit: action.commit };
  }
  return undefined;
}
