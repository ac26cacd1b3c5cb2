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
  /** Digest of the values that its requests use, by flag group; left out by clients without it. */
  flags?: Readonly<Record<string, string>>;
}

/** Who has taken over a change, who has not, and who is probably gone. */
export interface InstanceProof {
  acknowledged: string[];
  /** Alive, but still on older state: named so that a person can restart or drain them. */
  laggards: string[];
  /** No heartbeat for longer than `staleAfterMs`: stopped, or cut off. Not counted as proof. */
  silent: string[];
}

/** The same for one state of the fast path. */
export interface FlagProof extends InstanceProof {
  epoch: Epoch;
}

/** Sorts the instances by whether their requests use the state of this epoch. */
export function proveFlags(
  epoch: Epoch,
  instances: readonly Instance[],
  now: number,
  staleAfterMs: number,
): FlagProof {
  const proof = sortInstances(
    instances,
    now,
    staleAfterMs,
    ({ applied }) => applied !== undefined && hasReached(applied, epoch),
  );
  return { epoch, ...proof };
}

/** Sorts the instances by whether their requests use these values of one flag group. */
export function proveFlagGroup(
  { group, digest }: { group: string; digest: string },
  instances: readonly Instance[],
  now: number,
  staleAfterMs: number,
): InstanceProof {
  return sortInstances(instances, now, staleAfterMs, ({ flags }) => flags?.[group] === digest);
}

function sortInstances(
  instances: readonly Instance[],
  now: number,
  staleAfterMs: number,
  hasTakenOver: (instance: Instance) => boolean,
): InstanceProof {
  const proof: InstanceProof = { acknowledged: [], laggards: [], silent: [] };
  for (const instance of instances.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const age = now - Date.parse(instance.heartbeat);
    // No time at all, or one far ahead of our clock, is treated as silent: it proves nothing.
    const alive = Math.abs(age) <= staleAfterMs;
    if (!alive) proof.silent.push(instance.id);
    else if (hasTakenOver(instance)) proof.acknowledged.push(instance.id);
    else proof.laggards.push(instance.id);
  }
  return proof;
}

/** Proven means: somebody acknowledged and nobody alive lags. An empty fleet proves nothing. */
export function isProven(proof: InstanceProof): boolean {
  return proof.acknowledged.length > 0 && proof.laggards.length === 0;
}
