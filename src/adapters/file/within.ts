import type { Clock } from '../../ports/clock.ts';

/**
 * Waits for `work` at most `ms`. It cannot be stopped, only no longer waited for: what it still
 * does must do no harm, and its late error is nobody's.
 *
 * @throws what `timeout` makes when the time is over
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  timeout: () => Error,
): Promise<T> {
  const over = new AbortController();
  const timer = clock.sleep(ms, over.signal).then(() => {
    throw timeout();
  });
  try {
    return await Promise.race([work, timer]);
  } finally {
    over.abort();
  }
}
