/** What is due at an instant of an incident. Pure: the clock asks at every wake. */

/** Somebody to be called: `afterMs` from the start of the incident. */
export interface ClockContact {
  name: string;
  afterMs: number;
  when: 'always' | 'customers_affected';
}

export interface ClockSettings {
  /** How long to investigate before the end, in milliseconds. */
  investigateForMs: number;
  atEnd: 'roll_back' | 'ask';
  /** Contacts that the rule calls at once. */
  page: readonly string[];
  contacts: readonly ClockContact[];
  /** Longest time between two messages. */
  updatesEveryMs: number;
  /** From the end of a rollback. */
  stabilityAfterMs: number;
  followUpAfterMs: number;
  /** How often it looks at what people said: while somebody may stop a countdown, and else. */
  countdownWakeMs: number;
  wakeMs: number;
  /** When it ends although the incident does not: a person has long taken over by then. */
  endAfterMs: number;
}

/** Contacts to be called now, each once. */
export function contactsDue(
  { contacts, page }: Pick<ClockSettings, 'contacts' | 'page'>,
  elapsedMs: number,
  called: ReadonlySet<string>,
): ClockContact[] {
  return contacts
    .map((one) => (page.includes(one.name) ? { ...one, afterMs: 0, when: 'always' as const } : one))
    .filter(({ name, afterMs }) => elapsedMs >= afterMs && !called.has(name));
}

/**
 * How long to sleep: until the next thing that is due, and no longer than a look at what people
 * said may wait.
 * @param due instants in milliseconds since 1970; those that are past do not count
 */
export function sleepUntilNext(now: number, due: readonly number[], wakeMs: number): number {
  const next = Math.min(now + wakeMs, ...due.filter((at) => at > now));
  return Math.max(1, next - now);
}
