/** How the guard's findings stand in the journal, and how they are read back from it. */

import { hashJson } from './json.ts';
import type { JournalEntry } from './journal.ts';
import type { Release } from './release.ts';
import type { Scope } from './scope.ts';

/** The rule of the incidents that the guard opens. */
export const GUARD_RULE = 'guard';

/** One time that a held release was back on a target. */
export interface Occurrence {
  incident: string;
  target: string;
  /** Name of the hold, as {@link holdName} makes it. */
  hold: string;
  tag: string;
  /** 0, 1, 2 … of this hold and target. */
  number: number;
  /** When it was found, ISO 8601 UTC. */
  since: string;
  /** When it was found to be over; undefined while it lasts. */
  until?: string;
  /** Whether it is written down who did it: not asked, nobody knew, or known. */
  who: 'not-asked' | 'unknown' | 'named';
}

/** Ten digits for a hold: when it is ended and put again, it is another one. */
export function holdName(scope: Scope, { tag, hold }: Release): string {
  return hashJson([scope.service, scope.environment, tag, hold?.at ?? 'bad']).slice(0, 10);
}

/** The incident of a hold whose own is over, or that never had one: every guard names it the same. */
export function guardIncident(hold: string): string {
  return `guard-${hold}`;
}

/** Key of an entry about an occurrence: the same from every guard, however often it looks. */
export function occurrenceKey(
  { target, hold, number }: Pick<Occurrence, 'target' | 'hold' | 'number'>,
  what: 'back' | 'who' | 'name' | 'over',
): string {
  return `guard/${target}/${hold}/${number}/${what}`;
}

/** Every occurrence that these entries tell of, in the order in which they were found. */
export function occurrencesIn(entries: readonly JournalEntry[]): Occurrence[] {
  const found = new Map<string, Occurrence>();
  for (const { incident, at, data } of entries) {
    const { guard, target, hold, tag, number } = data;
    if (typeof target !== 'string' || typeof hold !== 'string') continue;
    if (typeof tag !== 'string' || typeof number !== 'number') continue;
    const key = occurrenceKey({ target, hold, number }, 'back');
    const known = found.get(key);
    if (guard === 'back' && known === undefined) {
      found.set(key, { incident, target, hold, tag, number, since: at, who: 'not-asked' });
    }
    if (guard === 'who' && known !== undefined && known.who !== 'named') {
      known.who = data['named'] === true ? 'named' : 'unknown';
    }
    if (guard === 'over' && known !== undefined) known.until ??= at;
  }
  return [...found.values()];
}
