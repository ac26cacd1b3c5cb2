import { type JsonObject, hashJson } from './json.ts';
import type { Scope } from './scope.ts';

/** What an entry records. Later kinds may be added; none is ever removed. */
export const ENTRY_KINDS = [
  'incident-opened',
  'signal',
  'decision',
  'plan',
  'execution-started',
  'intent',
  'outcome',
  'execution-ended',
  'verdict',
  'budget',
  'message',
  'recovery',
  'note',
  'incident-closed',
] as const;

export type EntryKind = (typeof ENTRY_KINDS)[number];

/** An entry before the journal gave it its place. */
export interface NewEntry extends Scope {
  incident: string;
  /** Idempotency key, unique per service and environment: appending it twice stores it once. */
  key: string;
  kind: EntryKind;
  /** When it happened, ISO 8601 UTC with milliseconds; not when it was stored. */
  at: string;
  /** Who: a proven identity where there is one (docs/security.md), else the operating user. */
  actor: string;
  /** One sentence for people: the postmortem's timeline is made of these. */
  text: string;
  /** Facts for machines. Never a secret. */
  data: JsonObject;
}

export interface JournalEntry extends NewEntry {
  /** 1, 2, 3 … within the incident, in the order of storing. */
  seq: number;
  /** Hash of the entry before it in the incident; {@link CHAIN_START} for the first. */
  previous: string;
  hash: string;
}

export const CHAIN_START = '0'.repeat(64);

/** The hash of an entry: everything it says, its place, and the hash before it. */
export function hashEntry(entry: NewEntry, seq: number, previous: string): string {
  const { service, environment, incident, key, kind, at, actor, text, data } = entry;
  return hashJson({
    service,
    environment,
    incident,
    key,
    kind,
    at,
    actor,
    text,
    data,
    seq,
    previous,
  });
}

export type ChainCheck =
  | { intact: true; entries: number; head: string }
  | { intact: false; seq: number; problem: string };

/** Recomputes every hash of one incident's entries, given in order of `seq`. */
export function verifyChain(entries: readonly JournalEntry[]): ChainCheck {
  let head = CHAIN_START;
  for (const [index, entry] of entries.entries()) {
    const seq = index + 1;
    if (entry.seq !== seq) {
      return { intact: false, seq, problem: `entry ${seq} is missing; found ${entry.seq}` };
    }
    if (entry.previous !== head) {
      return { intact: false, seq, problem: 'does not follow from the entry before it' };
    }
    if (hashEntry(entry, seq, head) !== entry.hash) {
      return { intact: false, seq, problem: 'its content was changed after it was written' };
    }
    head = entry.hash;
  }
  return { intact: true, entries: entries.length, head };
}
