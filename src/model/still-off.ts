/** What is not as usual: the flags held at safe values, and the breakers that are not closed. */
export interface StillOff {
  /** `community_enabled=false`: flags that an override holds away from their base value. */
  flags: string[];
  /** `stripe (open)`: breakers that do not let calls through as usual. */
  breakers: string[];
  /** Incidents whose override is in force. */
  incidents: string[];
  /** What could not be read: then the lists above are not complete. */
  problems: string[];
}

/** All that is off, in one list for messages. */
export function listOff(off: StillOff): string[] {
  return [...off.flags, ...off.breakers, ...off.problems];
}
