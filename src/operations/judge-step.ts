import { BackoutError, describeCause } from '../model/error.ts';
import type { StepOutcome } from '../model/execution.ts';
import type { StepAction } from '../model/plan.ts';
import type { Capped } from './cap.ts';
import type { Confirmation } from './step-handler.ts';

/** The lease, the turn at the target, or this very attempt in the journal is somebody else's now. */
const LOST_RIGHT: readonly string[] = ['E_LEASE_LOST', 'E_FENCED', 'E_JOURNAL_CONFLICT'];

/**
 * The refusal that says so; undefined when the step ended in any other way.
 * @param lost aborts a step whose lease is gone: its own error then only says that it was aborted
 */
export function overtakenBy(applied: Capped<void>, lost: AbortSignal): BackoutError | undefined {
  if (applied.ended && !('error' in applied)) return undefined;
  const errors: unknown[] = [applied.ended ? applied.error : undefined, lost.reason];
  return errors.find(isOvertaken);
}

/** Whether an error says that somebody else has what we were working on. */
export function isOvertaken(error: unknown): error is BackoutError {
  return error instanceof BackoutError && LOST_RIGHT.includes(error.code);
}

/** What a step came to, from how its application ended and what the real state says. */
export function judgeStep(
  action: StepAction,
  applied: Capped<void>,
  confirmation: Confirmation,
  at: string,
): StepOutcome {
  if (confirmation.state === 'done') return toOutcome(confirmation, at);
  if (!applied.ended) {
    return { outcome: 'unknown', problem: 'it took longer than its cap and may still take effect' };
  }
  const error = 'error' in applied ? applied.error : undefined;
  const said = error === undefined ? '' : `${describeCause(error)} `;
  if (confirmation.state === 'unknown') {
    // The same thing twice in one sentence helps nobody at 03:00.
    const again = said !== '' && confirmation.detail.endsWith(said.trim());
    const detail = again ? 'It could not be read back either.' : confirmation.detail;
    return { outcome: 'unknown', problem: `${said}${detail}` };
  }
  // Nobody waits for it any more, but nothing refused it: it may be under way. Called failed, it would
  // be over, and the next rollback would go on from what it brings late. A store that did not take a
  // write is no such case: late, it only makes safe, and until then people have to know that it did not.
  if (action.kind === 'deploy' && error instanceof BackoutError && error.kind === 'uncertain') {
    return {
      outcome: 'unknown',
      problem: `${said}${confirmation.detail} It may still take effect.`,
    };
  }
  const known = error instanceof BackoutError ? { code: error.code, remedy: error.remedy } : {};
  return { outcome: 'failed', problem: `${said}${confirmation.detail}`, ...known };
}

/** A read-back as the outcome of its step. */
export function toOutcome(confirmation: Confirmation, at: string): StepOutcome {
  switch (confirmation.state) {
    case 'done':
      return { outcome: 'done', verified_at: at, detail: confirmation.detail };
    case 'not-done':
      return { outcome: 'failed', problem: confirmation.detail };
    case 'unknown':
      return { outcome: 'unknown', problem: confirmation.detail };
    default:
      return confirmation satisfies never;
  }
}
