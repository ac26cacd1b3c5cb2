import type { BreakerState } from '../../model/breaker.ts';
import type { Measurement } from '../../model/check.ts';
import { unanswered } from '../../model/expectation.ts';
import type { Breakers } from '../../ports/breakers.ts';
import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp, within } from '../../ports/clock.ts';

/** `any`: that they can be read is enough. */
export type ExpectedBreakers = 'open' | 'closed' | 'any';

export interface BreakersCheckOptions {
  name: string;
  stages: readonly string[];
  breakers: Breakers;
  providers: readonly string[];
  /** Without the safe state. */
  expect: ExpectedBreakers;
  underSafeState: 'skip' | { expect: ExpectedBreakers };
  timeoutMs: number;
  clock: Clock;
}

/**
 * Whether the breakers are as expected. `open` includes isolated (a person holds it open). A
 * half-open breaker lets calls through, so it is neither open nor closed.
 */
export function breakersCheck(options: BreakersCheckOptions): Check {
  const { name, stages, clock, underSafeState } = options;
  return {
    name,
    stages,
    async run({ safeState, recovering = false }): Promise<Measurement | undefined> {
      if (recovering) return undefined;
      if (safeState && underSafeState === 'skip') return undefined;
      const other = safeState && underSafeState !== 'skip';
      const expected = other ? underSafeState.expect : options.expect;
      const start = clock.now();
      const judgement = await within(clock, options.timeoutMs, () => options.breakers.read()).then(
        ({ states }) => judge(options.providers, states, expected),
        (error: unknown) => unanswered(error),
      );
      return { check: name, ...judgement, duration_ms: clock.now() - start, at: timestamp(clock) };
    },
  };
}

function judge(
  providers: readonly string[],
  states: Readonly<Record<string, BreakerState>>,
  expected: ExpectedBreakers,
): Pick<Measurement, 'verdict' | 'reason'> {
  if (providers.length === 0) {
    return { verdict: 'inconclusive', reason: 'No provider is configured.' };
  }
  // A provider that was never set is closed (ports/breakers.ts).
  const stateOf = (name: string): BreakerState['state'] =>
    (Object.hasOwn(states, name) ? states[name]?.state : undefined) ?? 'closed';
  const seen = providers.map((name) => ({ name, state: stateOf(name) }));
  const wrong = seen.filter(({ state }) => !fits(state, expected));
  if (wrong.length === 0) {
    return { verdict: 'passed', reason: `${list(seen)}.` };
  }
  return { verdict: 'failed', reason: `Expected ${expected}, but ${list(wrong)}.` };
}

function fits(state: BreakerState['state'], expected: ExpectedBreakers): boolean {
  switch (expected) {
    case 'any':
      return true;
    case 'open':
      return state === 'open' || state === 'isolated';
    case 'closed':
      return state === 'closed';
    default:
      return expected satisfies never;
  }
}

function list(seen: readonly { name: string; state: string }[]): string {
  return seen.map(({ name, state }) => `${name} is ${state}`).join(', ');
}
