import type { Alarm } from './alarm.ts';
import type { Finding } from './finding.ts';

/** What a function was called about. */
export type Signalled =
  | { kind: 'alarm'; alarm: Alarm }
  | { kind: 'finding'; finding: Finding }
  /** Somebody changed how an alarm is set up: nothing happened to the service. */
  | { kind: 'configuration'; name: string }
  | { kind: 'other'; shown: string };
