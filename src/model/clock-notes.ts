/** What people tell the clock of an incident, as the journal keeps it, and what it did itself. */
import type { JournalEntry } from './journal.ts';

/** A person stops the clock's own doing, lets it go on, or does not want to wait. */
export const CLOCK_ORDERS = ['pause', 'go-on', 'act-now'] as const;
export type ClockOrder = (typeof CLOCK_ORDERS)[number];

/** Where the clock of an incident stands, as its entries say. */
export interface ClockNotes {
  /** Who paused it and when, in milliseconds since 1970; undefined while it runs. */
  paused: { by: string; at: number } | undefined;
  /** How long it was paused before, in milliseconds: a countdown stands still meanwhile. */
  pausedMs: number;
  /** Somebody does not want to wait. */
  actNow: boolean;
  /** Automation has tried level application in this incident: it does so once. */
  attempted: boolean;
  /** How the newest execution of level application ended, and when. */
  rollback: { outcome: string; at: number } | undefined;
  isClosed: boolean;
}

/** @param entries of one incident, in order */
export function readClockNotes(entries: readonly JournalEntry[]): ClockNotes {
  const notes: ClockNotes = {
    paused: undefined,
    pausedMs: 0,
    actNow: false,
    attempted: false,
    rollback: undefined,
    isClosed: false,
  };
  const levels = new Map<unknown, unknown>();
  for (const { kind, at: stamp, actor, data } of entries) {
    const at = Date.parse(stamp);
    const { clock, outcome, execution, plan } = data;
    if (clock === 'pause') notes.paused ??= { by: actor, at };
    if (clock === 'go-on') {
      if (notes.paused !== undefined) notes.pausedMs += Math.max(0, at - notes.paused.at);
      notes.paused = undefined;
    }
    if (clock === 'act-now') notes.actNow = true;
    if (clock === 'attempt') notes.attempted = true;
    if (kind === 'incident-opened') notes.isClosed = false;
    if (kind === 'incident-closed') notes.isClosed = true;
    if (kind === 'execution-started') levels.set(execution, levelOf(plan));
    if (kind === 'execution-ended' && levels.get(execution) === 'application') {
      // One that does not say how it ended is over, and is not done.
      notes.rollback = { outcome: typeof outcome === 'string' ? outcome : 'unknown', at };
    }
  }
  return notes;
}

function levelOf(plan: unknown): unknown {
  return typeof plan === 'object' && plan !== null ? Reflect.get(plan, 'level') : undefined;
}
