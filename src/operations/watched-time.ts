import type { StepAction } from '../model/plan.ts';
import { longestPause } from './watch-bake.ts';

/**
 * Since when, after a deployment, somebody has been watching without a break. That time is what a
 * validation stage passes by; a single look at its end says nothing about the time before.
 *
 * ```
 * deploy   now      t+2    ✗ died                resumed        t+2 at the earliest
 *   ├───────┼────────┼─────╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌├──────────────┤
 *   from    until    until   nobody watched        from = until
 * ```
 *
 * All times in milliseconds since 1970.
 */
export interface WatchedTime {
  /** When the last deployment was proven; before that, when the execution began. */
  readonly deployedAt: number;
  /** Since when the stages are counted: the deployment, or where watching began anew. */
  readonly from: number;
  /** When the newest answer of a check was given; before that, the deployment. */
  readonly until: number;
  /** Takes in that a deployment was proven: what was watched before it says nothing about it. */
  deployed(at: number): void;
  /** Takes in an answer. */
  seen(at: number): void;
  /** Takes in that an earlier process proved a step done, as the journal tells of it. */
  replayed(action: StepAction, at: number): void;
  /**
   * Before a stage is watched. Where nobody watched for longer than the pause between rounds
   * explains, it begins anew, now. The rounds of a process that died do not count: only whole
   * stages are in the journal.
   * @returns the milliseconds in which nobody watched; undefined when it simply goes on
   */
  begin(action: ValidateAction, now: number): number | undefined;
}

type ValidateAction = Extract<StepAction, { kind: 'validate' }>;

export function watchedTime(startedAt: number): WatchedTime {
  let deployedAt = startedAt;
  let from = startedAt;
  let until = startedAt;
  const deployed = (at: number): void => {
    deployedAt = Math.max(deployedAt, at);
    from = deployedAt;
    until = deployedAt;
  };
  const seen = (at: number): void => {
    until = Math.max(until, at);
  };
  return {
    get deployedAt() {
      return deployedAt;
    },
    get from() {
      return from;
    },
    get until() {
      return until;
    },
    deployed,
    seen,
    replayed(action, at) {
      if (action.kind === 'deploy') deployed(at);
      if (action.kind !== 'validate') return;
      seen(at);
      // It may have had to begin anew. When that was is not recorded, but it was not later.
      const begun = at - action.after_ms;
      if (begun - from > longestPause(action.every_ms)) from = begun;
    },
    begin(action, now) {
      const gap = now - until;
      if (gap <= longestPause(action.every_ms)) return undefined;
      from = now;
      until = now;
      return gap;
    },
  };
}
