import type { Verdict } from '../../model/verdict.ts';
import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp } from '../../ports/clock.ts';

export interface MemoryCheckOptions {
  name: string;
  /** Default: all three. */
  stages?: readonly string[];
  clock: Clock;
  /** What it finds; a function is asked each time. Default `passed`. */
  verdict?: Verdict | ((safeState: boolean) => Verdict | undefined);
}

/** A check that answers what it is told to. */
export function memoryCheck(options: MemoryCheckOptions): Check {
  const { name, stages = ['now', 't+2', 't+10'], clock, verdict = 'passed' } = options;
  return {
    name,
    stages,
    run({ safeState }) {
      const found = typeof verdict === 'function' ? verdict(safeState) : verdict;
      if (found === undefined) return Promise.resolve(undefined);
      const reason = `Told to answer ${found}.`;
      return Promise.resolve({
        check: name,
        verdict: found,
        reason,
        duration_ms: 0,
        at: timestamp(clock),
      });
    },
  };
}
