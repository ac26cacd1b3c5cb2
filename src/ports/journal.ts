import type { Incident } from '../model/incident.ts';
import type { JournalEntry, NewEntry } from '../model/journal.ts';
import type { Scope } from '../model/scope.ts';

/** Where an appended entry is now. A spooled entry is durable too and enters the journal later. */
export type Appended =
  | { stored: 'journal'; entry: JournalEntry; repeated: boolean }
  | { stored: 'spool'; key: string };

/** The append-only record. Executions resume from it, postmortems are written from it. */
export interface Journal {
  /**
   * Stores an entry exactly once by its key; appending it again answers with the first one and
   * `repeated: true`.
   * @throws BackoutError E_JOURNAL_CONFLICT when the key is taken by an entry that says something else
   * @throws BackoutError E_JOURNAL_UNREACHABLE (retryable) when it cannot be stored anywhere
   */
  append(entry: NewEntry): Promise<Appended>;
  /** All entries of an incident in order. @throws BackoutError E_JOURNAL_UNREACHABLE */
  read(scope: Scope, incident: string): Promise<JournalEntry[]>;
  /** All incidents, newest first, at most 200. @throws BackoutError E_JOURNAL_UNREACHABLE */
  incidents(scope: Scope): Promise<Incident[]>;
}
