import { BackoutError, describeCause } from '../../src/model/error.ts';

/** What every Action says about something that nobody foresaw. */
export function asBackoutError(error: unknown): BackoutError {
  if (error instanceof BackoutError) return error;
  return new BackoutError({
    code: 'E_INTERNAL',
    message: describeCause(error),
    state: 'Not known from here: this is a fault in Backout itself.',
    remedy: 'Look with `backout incident show` and `backout flags list`, then report it.',
    cause: error,
  });
}
