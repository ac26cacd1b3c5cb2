import { BackoutError } from '../model/error.ts';
import type { StepAction } from '../model/plan.ts';
import type { WatchedTime } from './watched-time.ts';

/** What the real state says about a step's effect. */
export type Confirmation =
  | { state: 'done'; detail: string }
  | { state: 'not-done'; detail: string }
  /** It could not be read, or what was read does not decide. */
  | { state: 'unknown'; detail: string };

/** The three answers of a read-back. */
export const done = (detail: string): Confirmation => ({ state: 'done', detail });
export const notDone = (detail: string): Confirmation => ({ state: 'not-done', detail });
export const unknown = (detail: string): Confirmation => ({ state: 'unknown', detail });

export interface StepContext {
  incident: string;
  actor: string;
  reason: string;
  rule: string;
  /** Fencing number of our lease on a resource; 0 where the plan needs no lease. */
  fence: (target: string) => number;
  /** When the execution began, and when its last deployment was proven, in ms since 1970. */
  startedAt: number;
  deployedAt: number;
  /** The time in which somebody watched how the service is: stages are counted in it. */
  watched: WatchedTime;
  /** Aborts at the step's cap. */
  signal: AbortSignal;
  /** One line for whoever watches. */
  note: (text: string) => void;
}

/** How one kind of step is applied and read back. Both can be called any number of times. */
export interface StepHandler {
  apply(context: StepContext): Promise<void>;
  /** Reads the real state. Throwing counts as unknown. */
  confirm(context: StepContext): Promise<Confirmation>;
  /** Longest that `confirm` may need, in milliseconds. Left out: 5,000. */
  confirmMs?: number;
}

/** Finds the handler of an action. */
export type HandlerFor = (action: StepAction) => StepHandler;

/** A plan that has a step which its operation cannot take: made by another version, or by hand. */
export function foreignStep(operation: string, { kind }: StepAction): BackoutError {
  return new BackoutError({
    code: 'E_PLAN_STALE',
    kind: 'refused',
    message: `A ${operation} has no step of the kind "${kind}".`,
    remedy: 'Make a new plan and start from that.',
  });
}
