import { BackoutError } from '../model/error.ts';
import type { Lease } from '../model/lease.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseRequest, Leases } from '../ports/leases.ts';

/** Our leases while we work. */
export interface HeldLeases {
  /**
   * Proves right before a mutation that all are still ours. @throws BackoutError E_LEASE_LOST,
   * E_LEASES_UNREACHABLE
   */
  prove(): Promise<void>;
  /** Fencing number on a resource; 0 when we hold none on it. */
  fence(resource: string): number;
  /** Aborts when they are known to be gone, so that what runs under them stops too. */
  readonly lost: AbortSignal;
}

/** For plans that need no exclusive right. */
export const NO_LEASES: HeldLeases = {
  prove: () => Promise.resolve(),
  fence: () => 0,
  lost: new AbortController().signal,
};

interface LeaseWork {
  leases: Leases;
  clock: Clock;
  request: LeaseRequest;
  /** How long to wait for somebody else's lease to run out; 0 = refuse at once. */
  waitMs: number;
  note: (text: string) => void;
}

/**
 * Takes the leases, keeps them alive while `work` runs (renewed at a third of their time, so that
 * two renewals may fail), and gives them back.
 */
export async function withLeases<T>(
  options: LeaseWork,
  work: (held: HeldLeases) => Promise<T>,
): Promise<T> {
  const { leases, clock, request } = options;
  if (request.resources.length === 0) return await work(NO_LEASES);
  let held = await acquire(options);
  let renewedAt = clock.now();
  const stop = new AbortController();
  const lost = new AbortController();
  const prove = async (): Promise<void> => {
    const asked = clock.now();
    held = await leases.renew(held, request.ttlMs);
    renewedAt = asked;
  };
  const keepAlive = (async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await clock.sleep(request.ttlMs / 3, stop.signal);
      // One failed renewal is not the end. Taken by somebody else, or run out, it is: whatever is
      // being done right now has lost its right to go on.
      await prove().catch((error: unknown) => {
        const taken = error instanceof BackoutError && error.code === 'E_LEASE_LOST';
        if (taken || clock.now() - renewedAt >= request.ttlMs) lost.abort(error);
      });
    }
  })();
  keepAlive.catch(() => undefined);
  try {
    return await work({
      prove,
      fence: (resource) => held.find((lease) => lease.resource === resource)?.fence ?? 0,
      lost: lost.signal,
    });
  } finally {
    stop.abort();
    // The leases run out by themselves; failing to give them back must not hide the work's result.
    await leases.release(held).catch(() => undefined);
  }
}

async function acquire(options: LeaseWork): Promise<Lease[]> {
  const { leases, clock, request, waitMs } = options;
  const deadline = clock.now() + waitMs;
  let told = false;
  for (;;) {
    try {
      return await leases.acquire(request);
    } catch (error) {
      const waiting = error instanceof BackoutError && error.code === 'E_LEASE_HELD';
      if (!waiting || clock.now() >= deadline) throw error;
      if (!told) options.note(`${error.message} Waiting for it to run out.`);
      told = true;
      await clock.sleep(Math.min(250, request.ttlMs / 10));
    }
  }
}
