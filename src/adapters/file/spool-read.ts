/** One list out of two places: the journal, and what still waits to get there. */

import { describeCause } from '../../model/error.ts';
import type { Incident } from '../../model/incident.ts';
import type { JournalEntry, NewEntry } from '../../model/journal.ts';
import type { Scope } from '../../model/scope.ts';
import type { Journal } from '../../ports/journal.ts';
import {
  MOST_INCIDENTS,
  chainEntry,
  incidentsOf,
  lastTurn,
  newestFirst,
} from '../../model/journal-rules.ts';
import { listSpooled } from './spool-directory.ts';

/** What is known of an incident, and how much of it is certain. */
export interface IncidentHistory {
  entries: JournalEntry[];
  /**
   * How many of them, at the end, still wait in the spool. Their numbers and hashes are worked out
   * as if they entered the journal next; somebody else's entries may come before them.
   */
  waiting: number;
  /** Why this may not be all of it; absent when journal and spool were both read whole. */
  degraded?: string;
}

/** What waits to enter the journal, in order, and why that may not be all. Never throws. */
export type ReadWaiting = (scope: Scope) => Promise<{ entries: NewEntry[]; problems: string[] }>;

/**
 * Reads what can be read; never throws because the journal cannot be reached.
 *
 * The spool is read first: an entry that is carried over in between is then seen in both places,
 * and counted once. The other way round it would be seen in neither.
 */
export async function readHistory(
  primary: Pick<Journal, 'read'>,
  waits: ReadWaiting,
  scope: Scope,
  incident: string,
): Promise<IncidentHistory & { unreachable?: unknown }> {
  const { entries: spooled, problems } = await waits(scope);
  let stored: JournalEntry[] = [];
  let failure: { unreachable: unknown } | undefined;
  try {
    stored = await primary.read(scope, incident);
  } catch (error) {
    failure = { unreachable: error };
    problems.push(describeCause(error));
  }
  const keys = new Set(stored.map((entry) => entry.key));
  const waiting = spooled.filter((entry) => entry.incident === incident && !keys.has(entry.key));
  const entries = chainBehind(stored, waiting);
  return {
    entries,
    waiting: entries.length - stored.length,
    ...(problems.length === 0 ? {} : { degraded: problems.join('; ') }),
    ...failure,
  };
}

/**
 * The incidents of journal and spool.
 *
 * @throws what the journal threw, when the spool does not tell of an opened incident: an empty list
 *   would read as "there is none"
 */
export async function readIncidents(
  primary: Pick<Journal, 'incidents' | 'read'>,
  waits: ReadWaiting,
  scope: Scope,
): Promise<Incident[]> {
  const { entries: spooled } = await waits(scope);
  const waiting = Map.groupBy(spooled, (entry) => entry.incident);
  // What the list says of an incident is not enough to put a waiting opening or closing in its
  // place, so its entries are read. These are few: those that this machine has turned since.
  const carryOn = async (incident: Incident): Promise<Incident> => {
    const entries = waiting.get(incident.id) ?? [];
    if (lastTurn(entries) === undefined) return incident;
    const all = chainBehind(await primary.read(scope, incident.id), entries);
    return incidentsOf(all)[0] ?? incident;
  };
  let stored: Incident[] = [];
  try {
    stored = await Promise.all((await primary.incidents(scope)).map(carryOn));
  } catch (error) {
    if (!spooled.some((entry) => entry.kind === 'incident-opened')) throw error;
  }
  const known = new Set(stored.map(({ id }) => id));
  const added = [...waiting]
    .filter(([incident]) => !known.has(incident))
    .flatMap(([, entries]) => incidentsOf(chainBehind([], entries)));
  return [...stored, ...added].toSorted(newestFirst).slice(0, MOST_INCIDENTS);
}

/** Reads what waits in a folder. */
export function waitingIn(directory: string): ReadWaiting {
  return async (scope) => {
    try {
      const { entries, unreadable } = await listSpooled(directory);
      const ours = entries
        .map(({ entry }) => entry)
        .filter((e) => e.service === scope.service && e.environment === scope.environment);
      const problems =
        unreadable.length === 0 ? [] : [`unreadable in ${directory}: ${unreadable.join(', ')}`];
      return { entries: ours, problems };
    } catch (error) {
      return { entries: [], problems: [`${directory}: ${describeCause(error)}`] };
    }
  };
}

/** Chains the waiting entries behind the stored ones; of two with the same key, the first. */
function chainBehind(
  stored: readonly JournalEntry[],
  waiting: readonly NewEntry[],
): JournalEntry[] {
  const entries = [...stored];
  const keys = new Set<string>();
  for (const entry of waiting) {
    if (keys.has(entry.key)) continue;
    keys.add(entry.key);
    entries.push(chainEntry(entry, entries.at(-1)));
  }
  return entries;
}
