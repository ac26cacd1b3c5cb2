import type { Clock } from '../ports/clock.ts';
import type { Steps } from '../ports/steps.ts';

/**
 * Steps of a process that is watched by a person: they are done as they come, and nothing is kept.
 * Started again, the flow asks the journal what was done.
 * @param interrupted ends the waiting; the flow then rejects with its reason
 */
export function clockSteps(clock: Clock, interrupted: AbortSignal): Steps {
  return {
    now: () => Promise.resolve(clock.now()),
    run: (_name, work) => work(),
    sleep: (_name, ms) => clock.sleep(ms, interrupted),
  };
}
