import type { Lease } from '../model/lease.ts';

export interface LeaseRequest {
  /** Taken all together or not at all; sorted by the store, so that two requests cannot deadlock. */
  resources: string[];
  holder: string;
  incident: string;
  ttlMs: number;
}

/** Exclusive rights with fencing numbers. Expiry is judged by the store's clock, never by ours. */
export interface Leases {
  /**
   * Same holder and incident again: renewed with the same fence. Expired: taken with a higher one.
   * @throws BackoutError E_LEASE_HELD (refused) naming holder, incident and expiry
   * @throws BackoutError E_LEASES_UNREACHABLE (retryable)
   */
  acquire(request: LeaseRequest): Promise<Lease[]>;
  /**
   * Proves that all are still ours, at their fence and unexpired, and extends them. Called right
   * before every mutation.
   * @throws BackoutError E_LEASE_LOST (refused) naming who has it now
   * @throws BackoutError E_LEASES_UNREACHABLE (retryable)
   */
  renew(leases: readonly Lease[], ttlMs: number): Promise<Lease[]>;
  /** Gives back those that are still ours; the fence number stays used up. */
  release(leases: readonly Lease[]): Promise<void>;
  /** Unexpired leases among these resources. */
  inspect(resources: readonly string[]): Promise<Lease[]>;
  /** The same for all resources whose names begin so: the targets of another service. */
  inspectUnder(prefix: string): Promise<Lease[]>;
}
