import type { Clock } from '../ports/clock.ts';

/** Longest delay of a Node timer; a longer one fires at once (Node documentation, setTimeout). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The machine's clock. Its timers keep the process alive, deliberately: a rollback that waits for
 * its T+10 validation has nothing else open, and with unref'd timers Node would end in the middle
 * of it as if all were done. Whoever wants to leave early aborts the signal.
 */
export const systemClock: Clock = { now: () => Date.now(), sleep };

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  // By the monotonic clock: a correction of the wall clock must not stretch or cut a wait.
  const end = performance.now() + (Number.isFinite(ms) ? ms : 0);
  do {
    await wait(Math.min(Math.max(end - performance.now(), 0), LONGEST_TIMER_MS), signal);
  } while (performance.now() < end);
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      // The port promises the signal's own reason; AbortSignal makes it an Error unless told otherwise.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, Math.ceil(ms));
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
