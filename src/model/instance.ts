import { type Epoch, hasReached } from './breaker.ts';

/** One running process of the service, as its heartbeat describes it. */
export interface Instance {
  id: string;
  /** What its request path uses now; undefined when the heartbeat could not be understood. */
  applied: Epoch | undefined;
  /** Last heartbeat, ISO 8601 UTC. */
  heartbeat: string;
  /** Release tag it runs, when it says so. */
  release?: string;
}

/** Who has taken over a change, who has not, and who is probably gone. */
export interface FlagProof {
  epoch: Epoch;
  acknowledged: string[];
  /** Alive, but still on older state: named so that a person can restart or drain them. */
  laggards: string[];
  /** No heartbeat for longer than `staleAfterMs`: stopped, or cut off. Not counted as proof. */
  silent: string[];
}

/** Sorts the instances by what they proved. */
export function proveFlags(
  epoch: Epoch,
  instances: readonly Instance[],
  now: number,
  staleAfterMs: number,
): FlagProof {
  const proof: FlagProof = { epoch, acknowledged: [], laggards: [], silent: [] };
  for (const instance of instances.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const age = now - Date.parse(instance.heartbeat);
    // No time at all, or one far ahead of our clock, is treated as silent: it proves nothing.
    const alive = Math.abs(age) <= staleAfterMs;
    if (!alive) proof.silent.push(instance.id);
    else if (instance.applied !== undefined && hasReached(instance.applied, epoch)) {
      proof.acknowledged.push(instance.id);
    } else proof.laggards.push(instance.id);
  }
  return proof;
}

/** Proven means: somebody acknowledged and nobody alive lags. An empty fleet proves nothing. */
export function isProven(proof: FlagProof): boolean {
  return proof.acknowledged.length > 0 && proof.laggards.length === 0;
}
