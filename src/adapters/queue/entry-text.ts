/** How a journal entry is written down while it waits in a queue, or as a last resort in the log. */

import * as z from 'zod';
import type { NewEntry } from '../../model/journal.ts';
import { hashJson } from '../../model/json.ts';
import { waitingEntry } from '../waiting-entry.ts';

const entryText = z
  .object({
    checksum: z.string(),
    /** Counts the entries of one process: the order within one millisecond. */
    order: z.number().int().nonnegative(),
    entry: waitingEntry,
  })
  .refine(({ checksum, entry }) => checksum === hashJson(entry));

/** An entry as it came out of the queue. */
export interface QueuedEntry {
  entry: NewEntry;
  order: number;
}

/** JSON in one line: `{"checksum","order","entry"}`. */
export function writeEntry({ entry, order }: QueuedEntry): string {
  return JSON.stringify({ checksum: hashJson(entry), order, entry });
}

/** The entry, or undefined when the text is torn, edited or not ours. */
export function readEntry(text: string): QueuedEntry | undefined {
  try {
    const parsed = entryText.safeParse(JSON.parse(text));
    return parsed.success ? { entry: parsed.data.entry, order: parsed.data.order } : undefined;
  } catch {
    return undefined;
  }
}
