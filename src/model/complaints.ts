/** Complaints of users: how many there are, and what follows from that. Nothing here acts. */
import { countComplaints } from './catalogue.ts';
import { isMet } from './decision.ts';
import type { JournalEntry } from './journal.ts';
import type { Json } from './json.ts';

/** A complaint as it counts. */
export interface Complaint {
  /** The reference of its ticket, or whatever else tells it apart: the same one counts once. */
  id: string;
  /** When it was made, in milliseconds since 1970; not when it was reported. */
  at: number;
}

/** A rule of `backout.yml` whose signal is `complaints`; times in milliseconds. */
export interface ComplaintRule {
  name: string;
  /** `investigate` does so; the others call somebody at once. Acting is left to that person. */
  decision: 'act' | 'investigate' | 'suggest';
  threshold?:
    | { [Bound in 'above' | 'at_least' | 'below' | 'at_most']?: number | undefined }
    | undefined;
  within: number;
  investigate_for: number;
  /** Contacts that are called at once. */
  page: readonly string[];
}

interface Counted {
  /** Complaints within the window of the rule that decided, or of the longest one. */
  count: number;
  within_ms: number;
  reason: string;
}

/** What the complaints lead to. */
export type ComplaintDecision =
  | (Counted & { decision: 'ignore' })
  /** A person decides at `until`, ISO 8601 UTC. */
  | (Counted & { decision: 'investigate'; rule: string; page: string[]; until: string })
  | (Counted & { decision: 'page'; rule: string; page: string[] });

/**
 * What follows from these complaints now. In which order they arrived makes no difference, and a
 * further one never makes the decision weaker: of a rule's threshold only the lower bounds count,
 * because the upper ones keep the rows of the matrix apart and a stronger row wins anyway.
 *
 * One made after `now` counts: whoever reported it has a clock that is ahead of ours, and leaving
 * it out would count too few. One exactly as old as the window counts too.
 * @param investigatingUntil end of an investigation that has begun already, ISO 8601 UTC
 */
export function decideComplaints(
  complaints: readonly Complaint[],
  rules: readonly ComplaintRule[],
  now: number,
  investigatingUntil?: string,
): ComplaintDecision {
  const made = [...firstMade(complaints).values()];
  const judged = rules.map((rule) => {
    const count = made.filter((at) => at >= now - rule.within).length;
    return { rule, count, isReached: count > 0 && reaches(rule, count) };
  });
  const met = judged.filter(({ isReached }) => isReached);
  const calling = met.filter(({ rule }) => rule.decision !== 'investigate');
  const [strongest] = calling.length > 0 ? calling : met;
  if (strongest === undefined) {
    const within = longestWindow(rules);
    const count = made.filter((at) => at >= now - within).length;
    return { decision: 'ignore', ...counted(count, within) };
  }
  const { rule, count } = strongest;
  if (calling.length > 0) {
    const page = [...new Set(calling.flatMap((one) => one.rule.page))];
    return { decision: 'page', rule: rule.name, page, ...counted(count, rule.within) };
  }
  return {
    decision: 'investigate',
    rule: rule.name,
    page: [...rule.page],
    until: investigatingUntil ?? new Date(now + rule.investigate_for).toISOString(),
    ...counted(count, rule.within),
  };
}

/** How far back a complaint can count, in milliseconds. */
export function longestWindow(rules: readonly ComplaintRule[]): number {
  return Math.max(0, ...rules.map(({ within }) => within));
}

function counted(count: number, within: number): Counted {
  return { count, within_ms: within, reason: `${countComplaints(count, within)}.` };
}

/** When each was made first: a ticket that is reported again was not made again. */
function firstMade(complaints: readonly Complaint[]): Map<string, number> {
  const made = new Map<string, number>();
  for (const { id, at } of complaints) made.set(id, Math.min(at, made.get(id) ?? at));
  return made;
}

function reaches({ threshold }: ComplaintRule, count: number): boolean {
  const { above, at_least: atLeast } = threshold ?? {};
  return isMet({ above, at_least: atLeast }, count);
}

/** What the journal's entries about complaints have as their `signal`. */
export const COMPLAINTS = 'complaints';

/** The complaints that these entries, of any number of incidents, tell of. */
export function complaintsIn(entries: readonly JournalEntry[]): Complaint[] {
  return entries.filter(isComplaint).map(({ key, at, data: { reference } }) => ({
    id: typeof reference === 'string' ? `reference ${reference}` : `entry ${key}`,
    at: Date.parse(at),
  }));
}

/** Whether an entry records a complaint. */
export function isComplaint({ kind, data }: Pick<JournalEntry, 'kind' | 'data'>): boolean {
  return kind === 'signal' && data['signal'] === COMPLAINTS;
}

/** What was decided about the complaints of one incident so far. */
export interface ComplaintTurns {
  /** How many decisions there are: each was another one than the one before it. */
  count: number;
  /** The last decision, `ignore` before the first, and when it was made (ISO 8601 UTC). */
  last: ComplaintDecision['decision'];
  at: string | undefined;
  /** End of the first investigation, ISO 8601 UTC. */
  until: string | undefined;
  /** True when somebody was called in any of them. */
  paged: boolean;
}

/** Reads the decisions about complaints out of an incident's entries, in order of storing. */
export function complaintTurns(entries: readonly JournalEntry[]): ComplaintTurns {
  const turns = entries.flatMap(({ kind, at, data }) => {
    const { signal, until } = data;
    const decision = readDecision(data['decision']);
    if (kind !== 'decision' || signal !== COMPLAINTS || decision === undefined) return [];
    return [{ at, decision, until: typeof until === 'string' ? until : undefined }];
  });
  const last = turns.at(-1);
  return {
    count: turns.length,
    last: last?.decision ?? 'ignore',
    at: last?.at,
    until: turns.find(({ until }) => until !== undefined)?.until,
    paged: turns.some(({ decision }) => decision === 'page'),
  };
}

function readDecision(value: Json | undefined): ComplaintDecision['decision'] | undefined {
  const isOne = value === 'ignore' || value === 'investigate' || value === 'page';
  return isOne ? value : undefined;
}
