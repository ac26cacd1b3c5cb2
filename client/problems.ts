/** Tells the application what is wrong, without ever becoming a problem of its own. */

import { BackoutError } from '../src/model/error.ts';

/** The same sentence again only after this long: a lost connection is noticed at every poll. */
const REPEAT_AFTER_MS = 60_000;

/** A bound on what is remembered; flag names in sentences may be many. */
const REMEMBERED = 200;

export type ReportProblem = (message: string, cause?: unknown) => void;

/** Returns a function that never throws, whatever `onProblem` does. */
export function createReporter(onProblem?: (problem: BackoutError) => void): ReportProblem {
  const told = new Map<string, number>();
  return (message, cause) => {
    if (onProblem === undefined) return;
    const now = performance.now();
    const last = told.get(message);
    if (last !== undefined && now - last < REPEAT_AFTER_MS) return;
    if (told.size >= REMEMBERED) told.clear();
    told.set(message, now);
    const problem = new BackoutError({
      code: 'E_CLIENT',
      message,
      state: 'The application goes on with what was known last.',
      remedy: 'Repair what the message names; the client notices by itself.',
      retryable: true,
      cause,
    });
    try {
      // It may be an async function, which TypeScript accepts here; its rejection is not ours.
      const returned: unknown = onProblem(problem);
      if (returned instanceof Promise) returned.catch(() => {});
    } catch {
      // The application's own log is broken. There is nobody left to tell.
    }
  };
}
