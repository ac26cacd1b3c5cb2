import type { Step } from '../model/plan.ts';

/** For executions that have seconds and not minutes. */
export interface ExecutionLimits {
  /** No step behind the first stage is applied any longer after this, in ms since 1970. */
  until: number;
  /** How long what does not end at its cap is waited for, in milliseconds. Else 3 s. */
  graceMs: number;
  /** How long a step's reading back may take, in milliseconds. Else 5 s. */
  confirmMs: number;
}

/** What a step may take from now on. What is done first has its own cap, and nothing before it. */
export function capOf(step: Step, limits: ExecutionLimits | undefined, now: number): number {
  if (limits === undefined || step.stage === 1) return step.cap_ms;
  return Math.min(step.cap_ms, Math.max(0, limits.until - now));
}

/**
 * How often a call that was refused or throttled is tried within the step's cap. Redis is tried
 * again by its own adapter, within a second: in an emergency that is all it may cost. In haste it
 * is so for everything: what called us calls again.
 */
export function triesOf({ kind }: Step['action'], limits: ExecutionLimits | undefined): number {
  if (limits !== undefined) return 1;
  return kind === 'trip-breakers' || kind === 'prove-flags' ? 1 : 3;
}
