/** Breakers in memory: the same rules as in Redis, for tests and simulations. */

import type { BreakerState, Epoch } from '../../model/breaker.ts';
import { formatBreaker } from '../../model/breaker-documents.ts';
import {
  changedError,
  requireMirrored,
  requireReadable,
  tripOpens,
} from '../../model/breaker-rules.ts';
import type { LiftedOverride, Override, SafeOverride } from '../../model/flags.ts';
import type { Instance } from '../../model/instance.ts';
import { canonicalJson } from '../../model/json.ts';
import { requireRedisName } from '../../model/names.ts';
import type { Breakers } from '../../ports/breakers.ts';
import type { Ids } from '../../ports/ids.ts';
import { decideEngage, decideLift } from '../../model/override-rules.ts';

export interface MemoryBreakers extends Breakers {
  /** What an instance's heartbeat would say. */
  heartbeat(instance: Instance): void;
  /** As a Redis that restarted empty. */
  restartEmpty(): void;
}

export function memoryBreakers(ids: Ids): MemoryBreakers {
  const states = new Map<string, BreakerState>();
  const overrides = new Map<string, Override>();
  const instances = new Map<string, Instance>();
  let epoch: Epoch | undefined;

  function finish(changed: boolean): Epoch {
    epoch ??= { generation: ids.next(), counter: 0 };
    if (changed) epoch = { ...epoch, counter: epoch.counter + 1 };
    return { ...epoch };
  }

  function mirror(wanted: SafeOverride | LiftedOverride): boolean {
    const stored = overrides.get(wanted.incident);
    const change =
      wanted.mode === 'safe' ? decideEngage(stored, wanted) : decideLift(stored, wanted);
    if (change.kind === 'write') overrides.set(wanted.incident, structuredClone(change.next));
    return change.kind === 'write';
  }

  return {
    async read() {
      return structuredClone({
        epoch: finish(false),
        states: Object.fromEntries(states),
        overrides: [...overrides.values()],
      });
    },
    async trip({ providers, by, reason, incident, at, override }) {
      for (const provider of providers) requireRedisName('a provider', provider);
      if (override !== undefined) requireMirrored(override, incident);
      let changed = false;
      for (const provider of providers) {
        if (!tripOpens(states.get(provider), { incident, at })) continue;
        states.set(provider, { state: 'open', since: at, by, reason, incident });
        changed = true;
      }
      if (override !== undefined && mirror(override)) changed = true;
      return finish(changed);
    },
    async set(provider, state, expected) {
      requireRedisName('a provider', provider);
      const wanted = formatBreaker(provider, state);
      const current = finish(false);
      const stored = states.get(provider);
      if (stored !== undefined && canonicalJson(stored) === wanted) return current;
      if (canonicalJson(current) !== canonicalJson(expected)) {
        throw changedError(provider, expected, current);
      }
      states.set(provider, { ...state });
      return finish(true);
    },
    async announce(override) {
      return finish(mirror(requireReadable(override)));
    },
    async instances() {
      return structuredClone([...instances.values()]);
    },
    heartbeat(instance) {
      instances.set(instance.id, { ...instance });
    },
    restartEmpty() {
      states.clear();
      overrides.clear();
      instances.clear();
      epoch = undefined;
    },
  };
}
