import type { BreakerState, Epoch } from '../model/breaker.ts';
import type { Override, SafeOverride } from '../model/flags.ts';
import type { Instance } from '../model/instance.ts';

export interface TripRequest {
  providers: string[];
  by: string;
  reason: string;
  incident: string;
  /** ISO 8601 UTC. */
  at: string;
  /** Mirrored in the same round trip, so that clients have it even before they read the flags. */
  override?: SafeOverride;
}

export interface BreakerSnapshot {
  epoch: Epoch;
  /** Every provider ever set; a provider without an entry is closed. */
  states: Record<string, BreakerState>;
  /** Mirror of the overrides by incident: a hint, never the only copy. */
  overrides: Override[];
}

/** Breakers and the fast path to the service's instances. */
export interface Breakers {
  /** @throws BackoutError E_BREAKERS_UNREACHABLE (retryable) */
  read(): Promise<BreakerSnapshot>;
  /**
   * Opens all the providers in one atomic round trip, bumps the epoch and announces it. Isolated
   * ones stay isolated. A provider already open for this incident is not changed, nor one whose
   * state is later than `at`: a trip that comes late must not open what was closed since. So read
   * back what is open. When nothing changes at all the epoch stays.
   */
  trip(request: TripRequest): Promise<Epoch>;
  /**
   * Changes one provider if the epoch is still `expected` (compare and set).
   * @throws BackoutError E_BREAKER_CHANGED (refused) when somebody changed something since
   */
  set(provider: string, state: BreakerState, expected: Epoch): Promise<Epoch>;
  /** Mirrors an override (safe or lifted), bumps the epoch when it changed, and announces it. */
  announce(override: Override): Promise<Epoch>;
  /** What the instances' heartbeats say. */
  instances(): Promise<Instance[]>;
}
