import { BackoutError } from '../model/error.ts';
import type { EntryKind } from '../model/journal.ts';
import { type JsonObject, toJson } from '../model/json.ts';
import { timestamp } from '../ports/clock.ts';
import type { Appended } from '../ports/journal.ts';
import type { OperationPorts } from './operation-ports.ts';

/** What a caller knows of an entry; the scope is filled in. */
export interface Entry {
  incident: string;
  /** Unique within the incident. */
  key: string;
  kind: EntryKind;
  actor: string;
  /** When it happened, ISO 8601 UTC; left out: now. */
  at?: string;
  text: string;
  /** Plain data; undefined members are left out. */
  data?: Record<string, unknown>;
}

type Writer = Pick<OperationPorts, 'journal' | 'clock' | 'scope'>;

/** Appends one entry of an incident. @throws what Journal.append throws */
export async function record(ports: Writer, entry: Entry): Promise<Appended> {
  const { incident, key, kind, actor, at = timestamp(ports.clock), text, data = {} } = entry;
  return await ports.journal.append({
    ...ports.scope,
    incident,
    key: `${incident}/${key}`,
    kind,
    at,
    actor,
    text,
    data: asObject(data),
  });
}

/** Whether the journal has another statement under this key: somebody else was first. */
export function isConflict(error: unknown): boolean {
  return error instanceof BackoutError && error.code === 'E_JOURNAL_CONFLICT';
}

/**
 * Like {@link record}, for recovery: turning things on again is only done where the journal itself
 * has it, not a spool that somebody still has to carry over. @throws BackoutError E_JOURNAL_NEEDED
 */
export async function recordFirst(ports: Writer, entry: Entry): Promise<void> {
  const { stored } = await record(ports, entry);
  if (stored !== 'journal') throw journalNeeded();
}

/** The refusal of what is only done where the journal itself has it. */
export function journalNeeded(): BackoutError {
  return new BackoutError({
    code: 'E_JOURNAL_NEEDED',
    kind: 'refused',
    message: 'The journal cannot be reached, and this goes on only with it.',
    state: 'What is off stays off; this change was not made.',
    remedy: 'Bring the journal database back, then run the same command again.',
    retryable: true,
  });
}

function asObject(data: Record<string, unknown>): JsonObject {
  const json = toJson(data);
  return json !== null && typeof json === 'object' && !Array.isArray(json) ? json : {};
}
