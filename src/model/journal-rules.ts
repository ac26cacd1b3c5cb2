/**
 * What every journal does the same way, wherever it keeps its entries: how an entry is made
 * storable, chained, compared with an earlier one of the same key, and read as incidents.
 */

import { BackoutError } from './error.ts';
import type { Incident } from './incident.ts';
import { CHAIN_START, type JournalEntry, type NewEntry, hashEntry } from './journal.ts';
import { type Json, type JsonObject, canonicalJson } from './json.ts';
import { INCIDENT_NAMES, isIncidentName } from './names.ts';

/**
 * The entry as it can be stored and hashed everywhere. PostgreSQL's text and jsonb know neither
 * NUL nor half a surrogate pair; refusing such an entry would lose a line of the record because of
 * one broken character in a log excerpt, so the character becomes U+FFFD, where people can see it.
 * Done before hashing: what is hashed is what is stored.
 *
 * @throws BackoutError E_JOURNAL_ENTRY when `at` is not an instant, a name is empty or too long, or
 *   the incident has one that could not be the name of a file: others make file names of it
 */
export function normaliseEntry(entry: NewEntry): NewEntry {
  const at = new Date(entry.at);
  if (Number.isNaN(at.getTime())) {
    throw notAnEntry(
      `it happened at ${JSON.stringify(entry.at)}, which is not a time`,
      'Give the time in UTC, for example 2026-11-23T06:00:00.000Z.',
    );
  }
  for (const name of ['service', 'environment', 'incident', 'key'] as const) {
    const bytes = Buffer.byteLength(entry[name]);
    if (bytes > 0 && bytes <= LONGEST_NAME_BYTES) continue;
    throw notAnEntry(
      `its ${name} has ${bytes} bytes`,
      `Use a name of 1 to ${LONGEST_NAME_BYTES} bytes.`,
    );
  }
  if (!isIncidentName(entry.incident)) {
    throw notAnEntry(
      `its incident is called ${JSON.stringify(entry.incident.slice(0, 80))}`,
      INCIDENT_NAMES,
    );
  }
  return {
    service: storable(entry.service),
    environment: storable(entry.environment),
    incident: storable(entry.incident),
    key: storable(entry.key),
    kind: entry.kind,
    at: at.toISOString(),
    actor: storable(entry.actor),
    text: storable(entry.text),
    data: storableObject(entry.data),
  };
}

/**
 * Bytes of a service's, environment's, incident's or key's name. An index row of PostgreSQL takes
 * 2,704 bytes (a third of a page), and four names together must fit, also after one byte of bad
 * UTF-8 has become the three of U+FFFD.
 */
const LONGEST_NAME_BYTES = 200;

function notAnEntry(problem: string, remedy: string): BackoutError {
  return new BackoutError({
    code: 'E_JOURNAL_ENTRY',
    kind: 'usage',
    message: `This cannot be a journal entry: ${problem}.`,
    state: 'The entry was not stored.',
    remedy,
  });
}

/** Without what PostgreSQL's text cannot hold. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** {@link storable} for every text in plain data. */
export function storableJson(value: Json): Json {
  if (typeof value === 'string') return storable(value);
  // As JSON.stringify does it: there is no NaN, no Infinity and no -0 in JSON.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
  if (value === null || typeof value !== 'object') return value;
  return Array.isArray(value) ? value.map(storableJson) : storableObject(value);
}

function storableObject(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [storable(name), storableJson(member)]),
  );
}

/** Gives an entry its place behind `last`, the newest entry of its incident. */
export function chainEntry(
  entry: NewEntry,
  last: Pick<JournalEntry, 'seq' | 'hash'> | undefined,
): JournalEntry {
  const seq = (last?.seq ?? 0) + 1;
  const previous = last?.hash ?? CHAIN_START;
  return { ...entry, seq, previous, hash: hashEntry(entry, seq, previous) };
}

/**
 * Lets an entry through whose key is taken by an entry that says the same. `at` and `actor` may
 * differ: an execution that another person resumes later tells the same thing again.
 *
 * @throws BackoutError E_JOURNAL_CONFLICT
 */
export function requireSameStatement(stored: NewEntry, entry: NewEntry): void {
  if (
    stored.incident === entry.incident &&
    stored.kind === entry.kind &&
    stored.text === entry.text &&
    canonicalJson(stored.data) === canonicalJson(entry.data)
  ) {
    return;
  }
  throw new BackoutError({
    code: 'E_JOURNAL_CONFLICT',
    kind: 'refused',
    message:
      `The journal already has an entry with the key "${entry.key}" that says something else: ` +
      `"${stored.text}" (incident ${stored.incident}), not "${entry.text}" (incident ${entry.incident}).`,
    state: 'The first entry stands; the second one was not stored.',
    remedy: `Compare with \`backout incident show ${stored.incident}\`. One key for two statements is a fault in Backout: please report it with this message.`,
  });
}

/** Most incidents that a journal lists: the port's bound. */
export const MOST_INCIDENTS = 200;

/**
 * The incidents that these entries (of one service and environment, in order of storing) tell of,
 * newest first. The view `backout.incident` says the same in SQL; one contract suite holds both.
 *
 * An incident whose opening is not here yet, because it still lies in another machine's spool,
 * is listed all the same: with its first entry's time and text, and the rule `unknown`.
 */
export function incidentsOf(entries: readonly JournalEntry[]): Incident[] {
  const byIncident = Map.groupBy(entries, (entry) => entry.incident);
  return [...byIncident.values()]
    .flatMap((group) => incidentOf(group.toSorted((a, b) => a.seq - b.seq)))
    .toSorted(newestFirst)
    .slice(0, MOST_INCIDENTS);
}

/** Newest first; those opened in the same millisecond by their id, so that the order is fixed. */
export function newestFirst(a: Incident, b: Incident): number {
  if (a.openedAt !== b.openedAt) return a.openedAt < b.openedAt ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}

/**
 * The entry that says whether its incident is open: of the openings and closings the one that
 * happened last; of two in the same millisecond the closing. Not the one that was stored last: an
 * opening that waited in the spool of a laptop until the next day must not open again what somebody
 * closed in the night.
 *
 * @param entries of one incident; their times in the one form of {@link normaliseEntry}
 */
export function lastTurn<Entry extends Pick<NewEntry, 'kind' | 'at'>>(
  entries: readonly Entry[],
): Entry | undefined {
  return entries
    .filter(({ kind }) => kind === 'incident-opened' || kind === 'incident-closed')
    .toSorted((a, b) => (a.at === b.at ? closings(a) - closings(b) : a.at < b.at ? -1 : 1))
    .at(-1);
}

function closings({ kind }: Pick<NewEntry, 'kind'>): number {
  return kind === 'incident-closed' ? 1 : 0;
}

function incidentOf(entries: readonly JournalEntry[]): Incident[] {
  const opened = entries.filter((entry) => entry.kind === 'incident-opened');
  const last = lastTurn(entries);
  const first = opened[0] ?? entries[0];
  if (first === undefined) return [];
  const { reason, rule } = first.data;
  const unknownRule = opened.length === 0 ? 'unknown' : 'manual';
  return [
    {
      id: first.incident,
      service: first.service,
      environment: first.environment,
      status: last?.kind === 'incident-closed' ? 'closed' : 'open',
      openedAt: first.at,
      ...(last?.kind === 'incident-closed' ? { closedAt: last.at } : {}),
      reason: typeof reason === 'string' ? reason : first.text,
      rule: typeof rule === 'string' ? rule : unknownRule,
      openedBy: first.actor,
    },
  ];
}
