import type { Baseline } from '../../model/baseline.ts';
import { type Judgement, unanswered } from '../../model/expectation.ts';
import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp, within } from '../../ports/clock.ts';
import type { RowCounter } from '../../ports/row-counts.ts';

export interface RowsKeptOptions {
  name: string;
  stages: readonly string[];
  counters: readonly RowCounter[];
  /**
   * What was counted before the rollback of the open incident. `no-incident`: nothing was rolled
   * back, so there is nothing to compare. `none`: it was, and nobody counted.
   */
  baseline: () => Promise<Baseline | 'none' | 'no-incident'>;
  timeoutMs: number;
  clock: Clock;
}

/**
 * No table has fewer rows than before the rollback. Without a count from before, or for a table
 * that is not in it, it is inconclusive: that nothing was lost is not proven then.
 */
export function rowsKeptCheck(options: RowsKeptOptions): Check {
  const { name, stages, clock, counters, timeoutMs } = options;
  return {
    name,
    stages,
    async run({ signal: stop }) {
      const start = clock.now();
      const judgement = await within(clock, timeoutMs, async (late) => {
        const signal = AbortSignal.any([late, stop]);
        const baseline = await options.baseline();
        if (baseline === 'no-incident') return undefined;
        if (baseline === 'none') return noBaseline('no rows were counted before the rollback');
        const counted = await Promise.all(
          counters.map(async (counter) => [counter.database, await counter.count(signal)] as const),
        );
        return compare(baseline, counted);
      }).catch((error: unknown) => unanswered(error));
      if (judgement === undefined) return undefined;
      return { check: name, ...judgement, duration_ms: clock.now() - start, at: timestamp(clock) };
    },
  };
}

const noBaseline = (why: string): Judgement => ({
  verdict: 'inconclusive',
  reason: `Nothing to compare with: ${why}.`,
});

function compare(
  { rows, at }: Baseline,
  counted: readonly (readonly [string, Record<string, number>])[],
): Judgement {
  const now = counted.flatMap(([database, counts]) =>
    Object.entries(counts).map(([table, count]) => ({ table: `${database}.${table}`, count })),
  );
  const lost = now.filter(({ table, count }) => count < (rows[table] ?? 0));
  if (lost.length > 0) {
    const words = lost.map(({ table, count }) => `${table} has ${count} of ${rows[table]} rows`);
    return { verdict: 'failed', reason: `Fewer rows than at ${at}: ${words.join(', ')}.` };
  }
  const unknown = now.filter(({ table }) => rows[table] === undefined);
  if (unknown.length > 0) {
    const names = unknown.map(({ table }) => table).join(', ');
    return noBaseline(`${names} could not be counted before the rollback`);
  }
  return { verdict: 'passed', reason: `${now.length} tables have at least the rows of ${at}.` };
}
