import type { ExecutionResult, StepOutcome } from './execution.ts';
import type { Plan, Step } from './plan.ts';

/**
 * What an execution tells whoever watches it: the terminal, a job log, a tracer. The four events of
 * a step are its boundaries: started (nothing recorded yet), intended (in the journal, nothing
 * done yet), applied (done, not recorded yet), ended (recorded).
 */
export type ProgressEvent =
  | { type: 'execution-started'; id: string; incident: string; plan: Plan; resumed: boolean }
  | { type: 'step-started'; step: Step; number: number; of: number }
  | { type: 'step-intended'; step: Step; attempt: number }
  | { type: 'step-applied'; step: Step }
  | { type: 'step-ended'; step: Step; result: StepOutcome; duration_ms: number; replayed: boolean }
  | { type: 'note'; text: string; step?: Step }
  | { type: 'budget'; exceeded: boolean; elapsed_ms: number; budget_ms: number }
  | { type: 'execution-ended'; result: ExecutionResult };

/** Called synchronously; must not throw. */
export type Observe = (event: ProgressEvent) => void;
