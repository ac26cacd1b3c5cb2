import { BackoutError, describeCause } from '../../model/error.ts';
import type { NewEntry } from '../../model/journal.ts';
import type { Journal } from '../../ports/journal.ts';
import {
  type SetAside,
  listSpooled,
  recoverUnfinished,
  removeSpooled,
  setAside,
} from './spool-directory.ts';

/** What became of the entries that waited in a spool. */
export interface DrainReport {
  /** Entries that entered the journal now. */
  stored: number;
  /** Entries that were in the journal already: another process, or a crash behind the append. */
  repeated: number;
  /** Entries still in the spool, to be tried again. */
  waiting: number;
  /** True when the journal did not take entries at all, so that the rest was not tried. */
  blocked: boolean;
  /** Files that can never enter the journal; they were moved, not deleted. */
  setAside: SetAside[];
  /** Why entries are still waiting. */
  problem?: string;
}

/**
 * Carries the entries of a spool into the journal, in order. Any number of processes may do it at
 * once, and be killed while they do: the journal stores a key once, an entry is removed only after
 * that, and each of them goes through the entries in the same order.
 *
 * @param append stores one entry in the journal; its wait is bounded
 */
export async function drainSpool(
  directory: string,
  append: Journal['append'],
  onStored: (entry: NewEntry) => void,
): Promise<DrainReport> {
  const report: DrainReport = {
    stored: 0,
    repeated: 0,
    waiting: 0,
    blocked: false,
    setAside: await recoverUnfinished(directory),
  };
  const { entries, unreadable } = await listSpooled(directory);
  for (const file of unreadable) {
    const why = 'Its checksum does not match its content, or it is not a journal entry.';
    report.setAside.push(...(await setAside(directory, file, 'corrupt', why)));
  }
  for (const [index, { file, entry }] of entries.entries()) {
    try {
      const appended = await append(entry);
      if (appended.stored === 'spool') throw new Error('the journal behind the spool spooled it');
      if (appended.repeated) report.repeated += 1;
      else report.stored += 1;
      onStored(entry);
      await removeSpooled(directory, file);
    } catch (error) {
      if (isRefusal(error)) {
        onStored(entry);
        const why = describeCause(error);
        report.setAside.push(...(await setAside(directory, file, 'refused', why)));
        continue;
      }
      report.problem = describeCause(error);
      // Something about this entry alone must not keep the others out for ever.
      if (error instanceof BackoutError && !error.retryable) {
        report.waiting += 1;
        continue;
      }
      report.waiting += entries.length - index;
      report.blocked = true;
      return report;
    }
  }
  return report;
}

/** Whether the journal said no to this entry itself: trying again will not help. */
export function isRefusal(error: unknown): error is BackoutError {
  return (
    error instanceof BackoutError &&
    (error.code === 'E_JOURNAL_CONFLICT' || error.code === 'E_JOURNAL_ENTRY')
  );
}
