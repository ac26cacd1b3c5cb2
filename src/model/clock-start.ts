import type { Level } from './level.ts';

/** What the clock of an incident is started with. Plain JSON: it crosses from function to function. */
export interface ClockStart {
  incident: string;
  service: string;
  environment: string;
  /** `act`: safe state was asked for already. `investigate`: nothing was done yet. */
  decision: 'act' | 'investigate';
  rule: string;
  reason: string;
  actor: string;
  /** When it began, ISO 8601 UTC. */
  at: string;
  /** Highest level that may run without a person. */
  level: Exclude<Level, 'database'>;
  /** Why nothing above level flags runs by itself here, as a sentence; left out: it may. */
  held_at_flags?: string;
  /** The alarm that asked; left out when none did. */
  alarm?: { name: string; arn: string; stamp: string; contributor?: string };
}
