import * as z from 'zod';
import type { EntryKind, JournalEntry, NewEntry } from '../../model/journal.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Appended, Journal } from '../../ports/journal.ts';
import {
  MOST_INCIDENTS,
  chainEntry,
  normaliseEntry,
  requireSameStatement,
} from '../../model/journal-rules.ts';
import type { Postgres } from './connection.ts';
import { appendEntry } from './sql/append-entry.sql.ts';
import { findPlace } from './sql/find-place.sql.ts';
import { listIncidents } from './sql/list-incidents.sql.ts';
import { lockIncident } from './sql/lock-incident.sql.ts';
import { readEntries } from './sql/read-entries.sql.ts';
import { ask, transact } from './transaction.ts';
import { type Store, attemptTwice, inWordsOf } from './unreachable.ts';

const store: Store = {
  code: 'E_JOURNAL_UNREACHABLE',
  name: 'The journal',
  uncertain:
    'Nobody can tell whether the entry was stored. Appending it again is safe: it is stored once.',
};

/** The journal in schema `backout` of a migrated database (migrate.ts). */
export function postgresJournal(postgres: Postgres): Journal {
  const inOurWords = <T>(operation: () => Promise<T>): Promise<T> =>
    inWordsOf(store, postgres.address, operation);

  return {
    append: async (given) => {
      const entry = normaliseEntry(given);
      // Set by the first attempt. Finding just that hash later means that it was stored after all,
      // and by us: the caller is then not told that the entry was there before.
      let attempted: string | undefined;
      return inOurWords(() =>
        attemptTwice(() =>
          appendOnce(postgres, entry, {
            isOurs: (hash) => hash === attempted,
            onAttempt: (hash) => (attempted = hash),
          }),
        ),
      );
    },
    read: (scope, incident) =>
      inOurWords(() =>
        attemptTwice(() =>
          ask(postgres, readEntries, [scope.service, scope.environment, incident], entryRow),
        ),
      ),
    incidents: (scope) =>
      inOurWords(() =>
        attemptTwice(() =>
          ask(
            postgres,
            listIncidents,
            [scope.service, scope.environment, MOST_INCIDENTS],
            incidentRow,
          ),
        ),
      ),
  };
}

interface AttemptMemory {
  isOurs(hash: string): boolean;
  onAttempt(hash: string): void;
}

/**
 *     we                             the database
 *     lock the incident       ──▶    waits until no other append to it is under way
 *     find key and last entry ──▶    a new snapshot: sees what the one before us committed
 *     hash, insert, commit    ──▶    key, place and link to the entry before: constraints
 *
 * When the answer to COMMIT is lost, the same again settles it: having the lock means that our
 * first transaction has ended one way or the other, and then its entry is there, or it is not.
 */
function appendOnce(postgres: Postgres, entry: NewEntry, memory: AttemptMemory): Promise<Appended> {
  return transact(postgres, async (run) => {
    const { service, environment, incident, key } = entry;
    await run(lockIncident, [JSON.stringify([service, environment, incident])], z.unknown());
    const found = await run(findPlace, [service, environment, incident, key], placeRow);
    const first = found.find((row) => row.role === 'same-key')?.entry;
    if (first !== undefined) {
      requireSameStatement(first, entry);
      return { stored: 'journal', entry: first, repeated: !memory.isOurs(first.hash) };
    }
    const chained = chainEntry(entry, found.find((row) => row.role === 'last')?.entry);
    memory.onAttempt(chained.hash);
    await run(appendEntry, columnsOf(chained), z.unknown());
    return { stored: 'journal', entry: chained, repeated: false };
  });
}

/** In the order of sql/entry-columns.ts. */
function columnsOf(entry: JournalEntry): unknown[] {
  const { service, environment, incident, key, kind, at, actor, text, data } = entry;
  const { seq, previous, hash } = entry;
  const json = JSON.stringify(data);
  return [service, environment, incident, key, kind, at, actor, text, json, seq, previous, hash];
}

const instant = z.date().transform((at) => at.toISOString());

const entryRow = z.object({
  service: z.string(),
  environment: z.string(),
  incident: z.string(),
  key: z.string(),
  // Any text: a newer Backout may have written kinds that we do not know, and the record must stay
  // readable, and its hashes verifiable, for the older version we were rolled back to.
  kind: z.custom<EntryKind>((kind) => typeof kind === 'string'),
  at: instant,
  actor: z.string(),
  text: z.string(),
  data: z.custom<JsonObject>((data) => typeof data === 'object' && data !== null),
  seq: z.number().int(),
  previous: z.string(),
  hash: z.string(),
});

const placeRow = z
  .object({ role: z.enum(['same-key', 'last']) })
  .and(entryRow)
  .transform(({ role, ...entry }) => ({ role, entry }));

const incidentRow = z
  .object({
    id: z.string(),
    service: z.string(),
    environment: z.string(),
    status: z.enum(['open', 'closed']),
    opened_at: instant,
    closed_at: instant.nullable(),
    reason: z.string(),
    rule: z.string(),
    opened_by: z.string(),
  })
  .transform(({ opened_at, closed_at, opened_by, ...rest }) => ({
    ...rest,
    openedAt: opened_at,
    ...(closed_at === null ? {} : { closedAt: closed_at }),
    openedBy: opened_by,
  }));
