import { describeCause } from '../model/error.ts';
import type { Reading } from '../model/live-signals.ts';
import { type Clock, within } from '../ports/clock.ts';
import type { MetricSource } from '../ports/metrics.ts';

/** Somebody waits for the whole picture: what measures slower than this is not known. */
const SIGNAL_CAP_MS = 3_000;

/** Asks every source once, side by side. Never throws. */
export async function readSignals(
  clock: Clock,
  sources: readonly MetricSource[],
): Promise<Reading[]> {
  return await Promise.all(
    sources.map(async (source): Promise<Reading> => {
      const { signal, unit } = source;
      try {
        const value = await within(clock, SIGNAL_CAP_MS, (stop) => source.read(stop));
        return value === undefined
          ? { signal, unit, state: 'no-data' }
          : { signal, unit, state: 'measured', value };
      } catch (error) {
        return { signal, unit, state: 'unreadable', problem: describeCause(error) };
      }
    }),
  );
}
