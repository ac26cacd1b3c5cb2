import type { DurableContext } from '@aws/durable-execution-sdk-js';
import type { Clock } from '../../ports/clock.ts';
import type { Steps } from '../../ports/steps.ts';

/**
 * Steps of a durable function: AWS keeps the result of each, and wakes the function after a wait,
 * so that hours cost what the steps cost. A wait is in whole seconds, rounded up.
 */
export function durableSteps(
  context: Pick<DurableContext, 'step' | 'wait'>,
  clock: Pick<Clock, 'now'>,
): Steps {
  let instants = 0;
  // What is kept is JSON, and `undefined` is none.
  const run: Steps['run'] = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const kept = await context.step(name, async () => ({ value: await work() }));
    return kept.value;
  };
  return {
    now() {
      instants += 1;
      return run(`now-${instants}`, () => Promise.resolve(clock.now()));
    },
    run,
    async sleep(name, ms) {
      await context.wait(name, { seconds: Math.max(1, Math.ceil(ms / 1000)) });
    },
  };
}
