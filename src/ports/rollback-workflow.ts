import type { HandOverRequest } from '../model/hand-over.ts';

/** One run of the team's rollback workflow. Plain JSON. */
export interface RollbackRun {
  id: number;
  /** For people. */
  url?: string;
}

/** Where a run stands. `waiting`: no machine has it yet, or somebody has to agree first. */
export type RollbackRunState =
  | 'waiting'
  | 'running'
  | 'succeeded'
  | 'failed'
  /** Over without having done its work: cancelled, skipped, or never begun. */
  | 'ended';

/** What came of asking for a run. Plain JSON. */
export type Dispatched =
  | { run: RollbackRun }
  /** `mayRun`: nobody knows whether a run of it begins all the same. */
  | { problem: string; mayRun: boolean };

/** The workflow of the team that rolls back by Backout's Action. */
export interface RollbackWorkflow {
  /**
   * Asks for a run, and looks for it by its name where the answer was lost. A run that carries the
   * incident already is taken instead of a second one. Bounded; never throws.
   */
  dispatch(request: HandOverRequest): Promise<Dispatched>;
  /** @throws when nobody can tell now */
  look(run: RollbackRun): Promise<RollbackRunState>;
  /**
   * Ends a run that has not begun, so that it does not begin later. Bounded; never throws.
   * @returns `unknown`: it may begin all the same
   */
  cancel(run: RollbackRun): Promise<'ended' | 'begun' | 'unknown'>;
}
