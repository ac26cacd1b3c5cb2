/**
 * The shared state of one external provider's circuit breaker.
 *
 *            trip                 sample               watched
 *   closed ───────▶ open ───────────────▶ half-open ───────────▶ closed
 *                    ▲                        │ re-trip
 *                    └────────────────────────┘
 *   isolated: a person holds it open; only a person ends that. Trips leave it isolated.
 */
export type BreakerState =
  | { state: 'closed'; since: string; by: string }
  | { state: 'open'; since: string; by: string; reason: string; incident?: string }
  | {
      state: 'half-open';
      since: string;
      by: string;
      /** Share of calls let through, 0 to 1. */
      sample: number;
      incident?: string;
    }
  | { state: 'isolated'; since: string; by: string; reason: string };

/**
 * Version of the fast-path state. The counter grows with every change; the generation is new when
 * the store restarted empty, so that clients notice that an old high counter means nothing.
 */
export interface Epoch {
  generation: string;
  counter: number;
}

/** Whether an instance that applied `applied` has seen everything up to `wanted`. */
export function hasReached(applied: Epoch, wanted: Epoch): boolean {
  return applied.generation === wanted.generation && applied.counter >= wanted.counter;
}

/** Written `generation:counter` in heartbeats, headers and messages. */
export function formatEpoch(epoch: Epoch): string {
  return `${epoch.generation}:${epoch.counter}`;
}

/** Reads {@link formatEpoch}'s form; undefined when it is anything else. */
export function parseEpoch(text: string): Epoch | undefined {
  const match = /^([a-z0-9-]{1,64}):(\d{1,15})$/.exec(text);
  return match?.[1] === undefined ? undefined : { generation: match[1], counter: Number(match[2]) };
}
