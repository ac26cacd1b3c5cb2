import * as z from 'zod';
import type { EntryKind } from '../model/journal.ts';
import type { JsonObject } from '../model/json.ts';

/** An entry that waits for the journal, in a folder or in a queue. */
export const waitingEntry = z.object({
  service: z.string(),
  environment: z.string(),
  incident: z.string(),
  key: z.string(),
  // Any text: what a newer version spooled must still reach the journal.
  kind: z.custom<EntryKind>((kind) => typeof kind === 'string'),
  at: z.string(),
  actor: z.string(),
  text: z.string(),
  data: z.custom<JsonObject>((data) => typeof data === 'object' && data !== null),
});
