import type { Clock } from '../../ports/clock.ts';

/** Between two lines while nothing moves, in milliseconds. Whoever reads has to see that it lives. */
const SAY_EVERY_MS = 5_000;

/**
 * Lines for somebody who waits: a new one at once, the same one again every 5 s, with how long the
 * waiting has lasted.
 */
export function stillWaiting(
  clock: Pick<Clock, 'now'>,
  onOutput: (line: string) => void,
  everyMs = SAY_EVERY_MS,
): (line: string) => void {
  const startedAt = clock.now();
  let said = '';
  let saidAt = -Infinity;
  return (line) => {
    const now = clock.now();
    if (line === said && now - saidAt < everyMs) return;
    onOutput(line === said ? `${line} (${Math.round((now - startedAt) / 1000)} s)` : line);
    said = line;
    saidAt = now;
  };
}

/**
 * Sleeps in slices and says before each of them what is left.
 * @param line of the seconds left
 */
export async function sleepAloud(
  clock: Pick<Clock, 'now' | 'sleep'>,
  ms: number,
  options: { signal: AbortSignal; say: (line: string) => void; line: (seconds: number) => string },
): Promise<void> {
  const { signal, say, line } = options;
  for (let left = ms; left > 0; left -= SAY_EVERY_MS) {
    say(line(Math.ceil(left / 1000)));
    await clock.sleep(Math.min(left, SAY_EVERY_MS), signal);
  }
}
