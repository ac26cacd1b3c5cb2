import { type Clock, noAnswer } from '../ports/clock.ts';

/**
 * After its cap, an effect gets this long to notice the abort and end, before we call it out of
 * hand: the command target needs 2 s to end a program that ignores the first signal.
 */
const GRACE_MS = 3_000;

export type Capped<T> =
  | { ended: true; value: T }
  /** It threw, before the cap or within the grace; what that means, the error says itself. */
  | { ended: true; error: unknown }
  /** The cap and the grace are over and it still runs: its effect may yet come. */
  | { ended: false };

/**
 * Runs work under a time cap. At the cap the work's signal aborts; work that then ends within the
 * grace is known to be over, work that does not is reported as still running, which is a different
 * thing: its effect can come later.
 */
export async function runCapped<T>(
  clock: Clock,
  capMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  graceMs: number = GRACE_MS,
): Promise<Capped<T>> {
  const abort = new AbortController();
  const timers = new AbortController();
  const running = work(abort.signal).then(
    (value): Capped<T> => ({ ended: true, value }),
    (error: unknown): Capped<T> => ({ ended: true, error }),
  );
  const expiry = (async (): Promise<Capped<T>> => {
    await clock.sleep(capMs, timers.signal);
    abort.abort(noAnswer(capMs));
    await clock.sleep(graceMs, timers.signal);
    return { ended: false };
  })();
  // Ending the timers makes the sleep reject; nobody waits for it any more then.
  expiry.catch(() => undefined);
  try {
    return await Promise.race([running, expiry]);
  } finally {
    timers.abort();
  }
}
