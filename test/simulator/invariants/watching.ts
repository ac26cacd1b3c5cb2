import type { JsonObject } from '../../../src/model/json.ts';
import type { World } from '../world.ts';
import type { Complain, Watch } from './invariant.ts';

/** How late a look may be beyond two pauses: the longest call, and the pause that a process may make. */
const LATE_MS = 30_000;

/**
 * I14, the time in it: a stage passes only when somebody asked again and again in the time before,
 * by whichever process. A single look at its end says nothing about that time.
 */
export function stagesAreWatched(world: World, complain: Complain): Watch {
  const actions = new Map<string, JsonObject>();
  return {
    statement(process, { kind, data }) {
      const { step, execution, action, outcome } = data;
      if (typeof step !== 'string' || !step.startsWith('validate:')) return;
      const key = JSON.stringify([execution, step]);
      if (kind === 'intent' && typeof action === 'object' && action !== null) {
        if (!Array.isArray(action)) actions.set(key, action);
      }
      if (kind !== 'outcome' || outcome !== 'done') return;
      const { after_ms: afterMs, every_ms: everyMs } = actions.get(key) ?? {};
      // The time ends with its own last look: writing down what it found may take longer, and
      // others may look meanwhile.
      const own = world.looks.findLast((look) => look.process === process);
      const end = own?.at ?? world.scheduler.now();
      const times = world.looks.map(({ at }) => at);
      const gap = longestGap(times, end - Number(afterMs), end);
      if (gap <= 2 * Number(everyMs) + LATE_MS) return;
      complain('I14', `${process.name}: ${step} passed, and nobody looked for ${gap / 1000} s.`);
    },
  };
}

/** The longest time without a look between two times; looks are in order. */
function longestGap(looks: readonly number[], from: number, to: number): number {
  const times = [from, ...looks.filter((at) => at > from && at < to), to];
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
}
