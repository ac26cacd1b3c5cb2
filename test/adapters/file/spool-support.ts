/** A spool in a folder of its own, before a journal that can be down or hang. */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type SpoolingJournal,
  type SpoolingOptions,
  spoolingJournal,
} from '../../../src/adapters/file/spool.ts';
import { memoryJournal } from '../../../src/adapters/memory/journal.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { BackoutError } from '../../../src/model/error.ts';
import type { NewEntry } from '../../../src/model/journal.ts';
import type { Journal } from '../../../src/ports/journal.ts';
import { someEntry } from '../../contracts/journal.contract.ts';

export const down = new BackoutError({
  code: 'E_JOURNAL_UNREACHABLE',
  message: 'The journal is down.',
  remedy: 'Start it.',
  retryable: true,
});

export interface ShakyJournal extends Journal {
  state: 'up' | 'down' | 'hangs';
  /** How often it was asked anything. */
  asked: number;
}

/** A journal in memory that can be down, or hang. */
export function shakyJournal(): ShakyJournal {
  const journal = memoryJournal();
  const shaky: ShakyJournal = {
    state: 'up',
    asked: 0,
    append: (entry: NewEntry) => answer(() => journal.append(entry)),
    read: (...args: Parameters<Journal['read']>) => answer(() => journal.read(...args)),
    incidents: (...args: Parameters<Journal['incidents']>) =>
      answer(() => journal.incidents(...args)),
  };
  function answer<T>(give: () => Promise<T>): Promise<T> {
    shaky.asked += 1;
    if (shaky.state === 'down') return Promise.reject(down);
    return shaky.state === 'up' ? give() : new Promise(() => {});
  }
  return shaky;
}

export interface SpoolFolder extends AsyncDisposable {
  /** Does not exist yet. */
  path: string;
  /** A spool in this folder; capped at 200 ms unless told otherwise. */
  spooling: (primary: Journal, change?: Partial<SpoolingOptions>) => SpoolingJournal;
  /** Names of the entries' files that wait, oldest first. */
  waiting: () => Promise<string[]>;
  /** Spools an entry for each key while the journal is down, then brings it back up. */
  spoolWhileDown: (
    keys: readonly string[],
  ) => Promise<{ primary: ShakyJournal; journal: SpoolingJournal }>;
}

export async function spoolFolder(): Promise<SpoolFolder> {
  const parent = await mkdtemp(join(tmpdir(), 'backout-spool-'));
  const path = join(parent, 'spool');
  const spooling: SpoolFolder['spooling'] = (primary, change = {}) =>
    spoolingJournal({
      primary,
      spoolDirectory: path,
      clock: systemClock,
      mode: 'journal-first',
      capMs: 200,
      ...change,
    });
  return {
    path,
    spooling,
    waiting: async () => (await readdir(path)).filter((name) => name.endsWith('.json')).toSorted(),
    spoolWhileDown: async (keys) => {
      const primary = shakyJournal();
      primary.state = 'down';
      const journal = spooling(primary);
      for (const key of keys) await journal.append(someEntry({ key }));
      primary.state = 'up';
      return { primary, journal };
    },
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  };
}
