/**
 * A clock that a test moves, so that hours play in milliseconds and a wait without an end is found
 * instead of waited for.
 */

import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/ports/clock.ts';

/** Sunday, in the night: when it always happens. */
export const NIGHT = Date.UTC(2025, 0, 12, 3);

/** Far more than any operation may last: a bake, a watch and all their caps together. */
const LONGEST_RUN_MS = 24 * 3_600_000;

export interface FakeClock extends Clock {
  /** Moves on by so much, and wakes every sleeper on the way at its own time. */
  advance(ms: number): Promise<void>;
  /**
   * Moves on as far as `work` needs.
   * @throws {Error} when it waits for something that is not time: it would never end
   */
  run<T>(work: Promise<T>): Promise<T>;
  /** How many sleep now. */
  sleeping(): number;
}

interface Sleeper {
  due: number;
  wake: () => void;
}

export function fakeClock(start = NIGHT): FakeClock {
  let time = start;
  const sleepers = new Set<Sleeper>();

  const next = (): Sleeper | undefined => [...sleepers].toSorted((a, b) => a.due - b.due)[0];
  const wake = (sleeper: Sleeper): void => {
    time = Math.max(time, sleeper.due);
    sleepers.delete(sleeper);
    sleeper.wake();
  };

  return {
    now: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          sleepers.delete(sleeper);
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the port's promise
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          due: time + Math.max(0, Number.isFinite(ms) ? ms : 0),
          wake: () => {
            signal?.removeEventListener('abort', stop);
            resolve();
          },
        };
        if (signal?.aborted === true) return stop();
        signal?.addEventListener('abort', stop, { once: true });
        sleepers.add(sleeper);
      }),
    async advance(ms) {
      const end = time + ms;
      await turn();
      for (let due = next(); due !== undefined && due.due <= end; due = next()) {
        wake(due);
        // All that this sleeper makes happen, happens now.
        await turn();
      }
      time = end;
    },
    async run(work) {
      const ended = new AbortController();
      const watched = work.finally(() => ended.abort());
      watched.catch(() => undefined);
      const limit = time + LONGEST_RUN_MS;
      for (await turn(); !ended.signal.aborted; await turn()) {
        const due = next();
        if (due === undefined) throw new Error('It waits for something that never comes.');
        if (due.due > limit) throw new Error('It waits for more than a day.');
        wake(due);
      }
      return await watched;
    },
    sleeping: () => sleepers.size,
  };
}
