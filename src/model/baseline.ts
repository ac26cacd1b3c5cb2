import type { JournalEntry } from './journal.ts';
import type { Json, JsonObject } from './json.ts';

/** What was measured before a rollback began, to compare with afterwards. */
export interface Baseline {
  /** ISO 8601, UTC. */
  at: string;
  /** Rows by `database.table`; a table that could not be counted is left out. */
  rows: Record<string, number>;
  /** Values by signal, in base units; a signal without data is left out. */
  metrics: Record<string, number>;
}

/** The newest baseline among an incident's entries; undefined when none was taken. */
export function findBaseline(entries: readonly JournalEntry[]): Baseline | undefined {
  for (const { kind, data } of entries.toReversed()) {
    const found = kind === 'note' ? data['baseline'] : undefined;
    if (found === undefined || !isObject(found)) continue;
    const { at, rows = {}, metrics = {} } = found;
    if (typeof at === 'string') return { at, rows: numbersOf(rows), metrics: numbersOf(metrics) };
  }
  return undefined;
}

/** Whether something of an incident was rolled back, or was going to be: more than flags moved. */
export function isRollback(entries: readonly JournalEntry[]): boolean {
  return entries.some(({ kind, data }) => {
    const plan = kind === 'decision' ? data['plan'] : undefined;
    return plan !== undefined && isObject(plan) && plan['level'] !== 'flags';
  });
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function numbersOf(value: Json): Record<string, number> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (typeof item === 'number' ? [[key, item]] : [])),
  );
}
