/** How AWS limits calls: so many per second, and no more than one second's saved up. */

import type { Behaviour } from './aws-proxy.ts';

/** @param now milliseconds. @returns whether a call may pass now */
export function tokenBucket(rate: number, now: () => number): () => boolean {
  let tokens = rate;
  let filledAt = now();
  return () => {
    const at = now();
    tokens = Math.min(rate, tokens + ((at - filledAt) / 1_000) * rate);
    filledAt = at;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** Refuses what comes too fast, by operation; others pass. */
export function limitCalls(rates: Readonly<Record<string, number>>, now: () => number): Behaviour {
  const buckets = new Map(
    Object.entries(rates).map(([operation, rate]) => [operation, tokenBucket(rate, now)]),
  );
  return (call, next) =>
    (buckets.get(call.operation) ?? (() => true))()
      ? next()
      : Promise.resolve({ status: 400, error: 'ThrottlingException', body: 'Rate exceeded' });
}
