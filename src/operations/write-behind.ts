import { describeCause } from '../model/error.ts';
import type { NewEntry } from '../model/journal.ts';
import { type Clock, within } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';

/** Entries that were taken and are not known to be stored. */
export interface Unwritten {
  entries: NewEntry[];
  problem: string;
}

/** A journal that nobody waits for, until the end. */
export interface WriteBehind {
  journal: Journal;
  /**
   * Waits until all is stored, at most `ms`.
   * @returns what is not; undefined when everything is
   */
  settle(ms: number): Promise<Unwritten | undefined>;
}

/**
 * Takes entries at once and stores them one after the other behind the work: what makes a service
 * safe must not wait for the record of it. An entry that fails is tried once more at the end, after
 * the others; `append` answers `spool` for it, because it is not in the journal yet.
 */
export function writeBehind(journal: Journal, clock: Clock): WriteBehind {
  const waiting = new Set<NewEntry>();
  let problem = 'they were not stored in time';
  let last: Promise<void> = Promise.resolve();

  async function store(entry: NewEntry): Promise<void> {
    try {
      await journal.append(entry);
      waiting.delete(entry);
    } catch (error) {
      problem = describeCause(error);
    }
  }

  return {
    journal: {
      append(entry) {
        waiting.add(entry);
        last = last.then(() => store(entry));
        return Promise.resolve({ stored: 'spool', key: entry.key });
      },
      read: (scope, incident) => journal.read(scope, incident),
      incidents: (scope) => journal.incidents(scope),
    },
    async settle(ms) {
      await within(clock, ms, async () => {
        await last;
        for (const entry of waiting) await store(entry);
      }).catch(() => undefined);
      return waiting.size === 0 ? undefined : { entries: [...waiting], problem };
    },
  };
}
