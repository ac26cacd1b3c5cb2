import type { ClockStart } from '../model/clock-start.ts';

/** Starts the clock of an incident: timers, updates, escalations, until it ends. */
export interface IncidentClock {
  /**
   * One clock per incident, by its name: asking again starts no second one.
   * @throws BackoutError E_CLOCK (retryable) when it is not known to run
   */
  start(start: ClockStart): Promise<{ started: boolean }>;
}
