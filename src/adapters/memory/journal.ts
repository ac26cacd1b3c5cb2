import type { JournalEntry, NewEntry } from '../../model/journal.ts';
import type { Scope } from '../../model/scope.ts';
import type { Appended, Journal } from '../../ports/journal.ts';
import {
  chainEntry,
  incidentsOf,
  normaliseEntry,
  requireSameStatement,
} from '../../model/journal-rules.ts';

/** A journal that lives as long as the process: for tests, the simulator and dry runs. */
export function memoryJournal(): Journal {
  const entries: JournalEntry[] = [];
  const inScope = (scope: Scope) =>
    entries.filter(
      (entry) => entry.service === scope.service && entry.environment === scope.environment,
    );

  return {
    append: async (given: NewEntry): Promise<Appended> => {
      const entry = normaliseEntry(given);
      const present = inScope(entry);
      const first = present.find((other) => other.key === entry.key);
      if (first !== undefined) {
        requireSameStatement(first, entry);
        return { stored: 'journal', entry: structuredClone(first), repeated: true };
      }
      const last = present.findLast((other) => other.incident === entry.incident);
      const chained = chainEntry(entry, last);
      entries.push(chained);
      return { stored: 'journal', entry: structuredClone(chained), repeated: false };
    },
    read: async (scope, incident) =>
      structuredClone(inScope(scope).filter((entry) => entry.incident === incident)),
    incidents: async (scope) => incidentsOf(inScope(scope)),
  };
}
