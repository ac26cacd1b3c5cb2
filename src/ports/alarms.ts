/** One change of state of an alarm, as the monitoring recorded it. */
export interface AlarmChange {
  /** Milliseconds since 1970. */
  at: number;
  from: string;
  to: string;
}

/** What the monitoring itself says of its alarms. Read only. */
export interface Alarms {
  /**
   * The state that an alarm has now, as sent, and since when.
   * @returns undefined when there is no such alarm
   * @throws BackoutError E_ALARMS_UNREACHABLE (retryable)
   */
  read(arn: string): Promise<{ state: string; since: number | undefined } | undefined>;
  /**
   * Its changes of state since an instant, oldest first.
   * @throws BackoutError E_ALARMS_UNREACHABLE (retryable)
   */
  changes(arn: string, since: number): Promise<AlarmChange[]>;
}
