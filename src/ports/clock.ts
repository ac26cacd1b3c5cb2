/** Time, passed in so that hours play in milliseconds in a test. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /**
   * Resolves after `ms`. Rejects with the signal's reason when the signal aborts first, and then
   * leaves no timer behind.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock's instant as ISO 8601 UTC with milliseconds: the one form used in all stored data. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
