import type { Steps } from '../../src/ports/steps.ts';
import type { FakeClock } from './fake-clock.ts';

/** Steps of a flow that may die at any of them, and is then played again from what was kept. */
export interface MemorySteps extends Steps {
  /** Results of the steps that ended, by name. */
  kept: ReadonlyMap<string, unknown>;
  /** Dies at the step of this number (1, 2, …): `before` its work, or `after` it, before it is kept. */
  dieAt(number: number, when: 'before' | 'after'): void;
}

export class Died extends Error {}

/** @param kept what an earlier life kept; it goes on from there */
export function memorySteps(clock: FakeClock, kept = new Map<string, unknown>()): MemorySteps {
  let count = 0;
  let death: { number: number; when: 'before' | 'after' } | undefined;
  const seen = new Set<string>();

  async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (seen.has(name)) throw new Error(`Two steps are called ${name}.`);
    seen.add(name);
    if (kept.has(name)) return structuredClone(kept.get(name)) as T;
    count += 1;
    if (death?.number === count && death.when === 'before') throw new Died(name);
    const result = await work();
    if (death?.number === count) throw new Died(name);
    // As a durable store would have it: plain data, and a copy.
    kept.set(name, result === undefined ? undefined : JSON.parse(JSON.stringify(result)));
    return result;
  }

  let instants = 0;
  return {
    kept,
    dieAt: (number, when) => {
      death = { number, when };
    },
    now() {
      instants += 1;
      return step(`now-${instants}`, async () => clock.now());
    },
    run: step,
    sleep: (name, ms) =>
      step(name, async () => {
        await clock.sleep(ms);
      }),
  };
}
