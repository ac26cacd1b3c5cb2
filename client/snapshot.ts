/** What a request decides by: taken once, never changing while the request runs. */

import { type BreakerState, type Epoch, formatEpoch } from '../src/model/breaker.ts';
import {
  covers,
  digestGroups,
  type EffectiveFlag,
  effectiveFlags,
  type FlagValue,
  type Override,
} from '../src/model/flags.ts';
import { type Knowledge, uniteByIncident } from './knowledge.ts';

export interface ClientSnapshot {
  /** Version of the fast path that this snapshot includes; undefined while there is none. */
  readonly epoch: Epoch | undefined;
  /** Whether any incident holds flags at their safe values. */
  readonly safeState: boolean;
  /**
   * The value of a flag. `fallback` is returned when nothing is known about the flag, or when its
   * value is of another type (that is reported). So write the value that is safe: it counts when
   * nothing else can be read.
   */
  flag(name: string, fallback: boolean): boolean;
  flag(name: string, fallback: number): number;
  flag(name: string, fallback: string): string;
  /** A provider that nothing is known about is closed. */
  breaker(provider: string): BreakerState;
  /**
   * Whether this call to the provider may go out: closed yes, open and isolated no, half-open for
   * the sample's share of calls.
   * @param random gives 0 ≤ x < 1; for tests
   */
  allows(provider: string, random?: () => number): boolean;
  /**
   * A digest of the values in use, by flag group: what the heartbeat proves with. A group whose
   * values are not all known is left out.
   */
  readonly digests: Readonly<Record<string, string>>;
  /**
   * `generation:counter`, or `none`. Fit for a response header, which proves what the request path
   * uses.
   */
  describe(): string;
}

const UNKNOWN: BreakerState = { state: 'closed', since: '1970-01-01T00:00:00.000Z', by: 'default' };

/** @param onProblem hears of flags whose type is not the one that was asked for */
export function takeSnapshot(
  knowledge: Knowledge,
  onProblem: (problem: string) => void = () => {},
): ClientSnapshot {
  const overrides = uniteByIncident(knowledge.filed, knowledge.mirrored);
  const known = knownFlags(knowledge, overrides);
  const flags = flagsByName(known);
  const { breakers, epoch } = knowledge;

  function flag(name: string, fallback: boolean): boolean;
  function flag(name: string, fallback: number): number;
  function flag(name: string, fallback: string): string;
  function flag(name: string, fallback: FlagValue): FlagValue {
    const value = flags.get(name);
    if (value === undefined || typeof value === typeof fallback) return value ?? fallback;
    onProblem(`Flag ${name} is a ${typeof value}, the code asks for a ${typeof fallback}.`);
    return fallback;
  }
  function breaker(provider: string): BreakerState {
    return breakers.get(provider)?.state ?? UNKNOWN;
  }

  return Object.freeze({
    epoch,
    digests: Object.freeze(digestGroups(known)),
    safeState: overrides.some(({ mode }) => mode !== 'lifted'),
    flag,
    breaker,
    allows(provider: string, random: () => number = Math.random) {
      const current = breaker(provider);
      switch (current.state) {
        case 'closed':
          return true;
        case 'open':
        case 'isolated':
          return false;
        case 'half-open':
          return random() < current.sample;
        default:
          return current satisfies never;
      }
    },
    describe: () => (epoch === undefined ? 'none' : formatEpoch(epoch)),
  });
}

/** Every flag whose value can be trusted, sorted by name. */
function knownFlags(knowledge: Knowledge, overrides: Override[]): EffectiveFlag[] {
  const all = effectiveFlags({
    base: Object.fromEntries(knowledge.base),
    safe: Object.fromEntries(knowledge.safe),
    overrides,
  });
  return all.filter(({ group }) => {
    // The safe values of this group have never been readable, so its base value cannot be trusted
    // while it should be safe. The application's own fallback can.
    const blind = knowledge.unknownSafe.has(group) && overrides.some((one) => covers(one, group));
    return !blind;
  });
}

function flagsByName(known: readonly EffectiveFlag[]): Map<string, FlagValue> {
  const flags = new Map<string, FlagValue>();
  for (const { name, value, heldBy } of known) {
    // A name in two groups: the one that is held wins.
    if (heldBy.length > 0 || !flags.has(name)) flags.set(name, value);
  }
  return flags;
}
