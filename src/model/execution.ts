import type { JournalEntry } from './journal.ts';
import type { Plan, Step } from './plan.ts';

/** How a step ended. `unknown` is never read as done nor as failed. */
export type StepOutcome =
  | { outcome: 'done'; verified_at: string; detail: string }
  | { outcome: 'failed'; problem: string; code?: string; remedy?: string }
  | { outcome: 'unknown'; problem: string }
  | { outcome: 'not-run'; problem: string };

export interface StepResult {
  step: Step;
  result: StepOutcome;
  /** Milliseconds, over all attempts of this process; 0 for what was proven before. */
  duration_ms: number;
}

/**
 * done: every step proven. partial: a step that is not essential is not proven. failed, unknown:
 * an essential step. refused: we lost the right to go on.
 */
export type ExecutionOutcome = 'done' | 'partial' | 'failed' | 'unknown' | 'refused';

export interface ExecutionResult {
  id: string;
  incident: string;
  plan: Plan;
  outcome: ExecutionOutcome;
  steps: StepResult[];
  /** ISO 8601 UTC. */
  started_at: string;
  ended_at: string;
  /** From start to the step that ends the budget; undefined when that was not reached. */
  within_budget_ms?: number;
  problems: string[];
}

/** What the journal knows of one step of one execution. */
export type StepRecord =
  | { state: 'pending' }
  /** An intent without an outcome: somebody died, or is at it. Read the real state first. */
  | { state: 'interrupted'; attempt: number }
  | { state: 'ended'; attempt: number; result: StepOutcome };

/** Folds an execution's entries into what is known of each step, by step id. */
export function foldSteps(
  plan: Plan,
  executionId: string,
  entries: readonly JournalEntry[],
): Map<string, StepRecord> {
  const records = new Map<string, StepRecord>(
    plan.steps.map((step) => [step.id, { state: 'pending' }]),
  );
  for (const entry of entries) {
    const { execution, step, attempt } = entry.data;
    if (execution !== executionId || typeof step !== 'string' || !records.has(step)) continue;
    if (typeof attempt !== 'number') continue;
    // A holder that slept through its lease says late how its own attempt ended: its follower's
    // attempt counts, and what its follower proved to be done stays done.
    const known = records.get(step);
    if (known?.state === 'ended' && known.result.outcome === 'done') continue;
    if (known !== undefined && known.state !== 'pending' && attempt < known.attempt) continue;
    if (entry.kind === 'intent') records.set(step, { state: 'interrupted', attempt });
    if (entry.kind === 'outcome') {
      const result = readOutcome(entry);
      records.set(step, { state: 'ended', attempt, result });
    }
  }
  return records;
}

/** An outcome entry that cannot be understood is unknown, so that the step is read back again. */
function readOutcome(entry: JournalEntry): StepOutcome {
  const { outcome, detail, problem, verified_at: verifiedAt, code, remedy } = entry.data;
  if (outcome === 'done' && typeof verifiedAt === 'string') {
    return { outcome, verified_at: verifiedAt, detail: typeof detail === 'string' ? detail : '' };
  }
  const why = typeof problem === 'string' ? problem : 'the journal entry is not understood';
  if (outcome === 'failed') {
    return {
      outcome,
      problem: why,
      ...(typeof code === 'string' ? { code } : {}),
      ...(typeof remedy === 'string' ? { remedy } : {}),
    };
  }
  if (outcome === 'not-run') return { outcome, problem: why };
  return { outcome: 'unknown', problem: why };
}

/** Folds the steps' results into the execution's, with unknown before failed: it needs a look first. */
export function foldOutcome(results: readonly StepResult[]): ExecutionOutcome {
  const open = results.filter(({ result }) => result.outcome !== 'done');
  const essential = open.filter(({ step }) => step.essential).map(({ result }) => result.outcome);
  if (essential.includes('unknown')) return 'unknown';
  if (essential.length > 0) return 'failed';
  return open.length === 0 ? 'done' : 'partial';
}
