import { BackoutError } from '../model/error.ts';

/** Time, passed in so that hours play in milliseconds in a test. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /**
   * Resolves after `ms`. Rejects with the signal's reason when the signal aborts first, and then
   * leaves no timer behind.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock's instant as ISO 8601 UTC with milliseconds: the one form used in all stored data. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

/**
 * Asks, and waits for the answer at most `ms`. Then the question's signal aborts and nobody waits
 * any more: what it still does must do no harm, and its late error is nobody's.
 * @throws what the question throws; what `timeout` makes (E_TIMEOUT) when the time is over
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  question: (signal: AbortSignal) => Promise<T>,
  timeout: () => Error = () => noAnswer(ms),
): Promise<T> {
  const abort = new AbortController();
  const done = new AbortController();
  const answer = question(abort.signal);
  let late: Error | undefined;
  const timer = clock.sleep(ms, done.signal).then(() => {
    late = timeout();
    throw late;
  });
  try {
    return await Promise.race([answer, timer]);
  } finally {
    done.abort();
    if (late !== undefined) abort.abort(late);
  }
}

/** E_TIMEOUT: neither success nor failure, and it may be tried again. */
export function noAnswer(afterMs: number): BackoutError {
  return new BackoutError({
    code: 'E_TIMEOUT',
    kind: 'uncertain',
    message: `No answer within ${afterMs} ms.`,
    state: 'Whether it had an effect is not known from this alone.',
    remedy: 'Read the real state: `backout incident show`, then `backout incident resume`.',
    retryable: true,
  });
}
