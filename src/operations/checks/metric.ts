import { isMet } from '../../model/decision.ts';
import { describeCause } from '../../model/error.ts';
import {
  expectationsIn,
  type Judgement,
  judgeByAny,
  unanswered,
  type UnderSafeState,
} from '../../model/expectation.ts';
import { describeBounds, describeValue } from '../../model/measured-value.ts';
import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp, within } from '../../ports/clock.ts';
import type { MetricSource } from '../../ports/metrics.ts';

/** Bounds that have to hold all at once: ratios 0..1, milliseconds, or a count. */
export interface Bounds {
  above?: number | undefined;
  at_least?: number | undefined;
  below?: number | undefined;
  at_most?: number | undefined;
}

export interface MetricCheckOptions {
  name: string;
  stages: readonly string[];
  source: MetricSource;
  expect: Bounds;
  underSafeState?: UnderSafeState<Bounds>;
  /** Between two measurements, in milliseconds. */
  everyMs: number;
  /** Good measurements in a row that mean passed. */
  consecutive: number;
  /** Measurements that may be bad, or missing, before it is over. */
  failureLimit: number;
  /** For one measurement, in milliseconds; later means that it is missing. */
  timeoutMs: number;
  clock: Clock;
}

/**
 * A measured value, asked until it was good so many times in a row. Every measurement that is not
 * good (bad, without data, not to be had) breaks the row, and one more of them than `failureLimit`
 * ends it: failed when that many were bad, otherwise inconclusive, or error when the source could
 * not be asked. No data never counts as zero, and never as good.
 *
 * It ends by itself: at most `failureLimit` + 1 rows, each of at most `consecutive` measurements.
 */
export function metricCheck(options: MetricCheckOptions): Check {
  const { name, stages, clock } = options;
  return {
    name,
    stages,
    async run(context) {
      const expectations = expectationsIn(context, options.expect, options.underSafeState);
      if (expectations === undefined) return undefined;
      const start = clock.now();
      const judgement = await measureRow(options, expectations, context.signal).catch(
        (error: unknown) => unanswered(error),
      );
      return { check: name, ...judgement, duration_ms: clock.now() - start, at: timestamp(clock) };
    },
  };
}

/** The longest time that a check of this kind takes, in milliseconds. */
export function longestMetricCheck(
  options: Pick<MetricCheckOptions, 'everyMs' | 'consecutive' | 'failureLimit' | 'timeoutMs'>,
): number {
  const { everyMs, consecutive, failureLimit, timeoutMs } = options;
  return (consecutive * (failureLimit + 1) + failureLimit) * (everyMs + timeoutMs);
}

async function measureRow(
  options: MetricCheckOptions,
  expectations: readonly [Bounds, ...Bounds[]],
  signal: AbortSignal,
): Promise<Judgement> {
  const { clock, everyMs, consecutive, failureLimit } = options;
  const seen: Judgement[] = [];
  let inRow = 0;
  for (;;) {
    const one = await measureOnce(options, expectations, signal);
    seen.push(one);
    inRow = one.verdict === 'passed' ? inRow + 1 : 0;
    if (inRow >= consecutive) {
      const row = consecutive === 1 ? '' : ` ${consecutive} times in a row`;
      return { verdict: 'passed', reason: `${one.reason}${row}.` };
    }
    const bad = seen.filter(({ verdict }) => verdict === 'failed').length;
    const missing = seen.filter(({ verdict }) => verdict !== 'passed').length - bad;
    if (bad > failureLimit) {
      return { verdict: 'failed', reason: `${one.reason}${times(bad)}.` };
    }
    if (bad + missing > failureLimit) {
      const failed = seen.findLast(({ verdict }) => verdict === 'error');
      const { verdict, reason } = failed ?? { ...one, verdict: 'inconclusive' };
      return { verdict, reason: `${reason}${times(missing)}.` };
    }
    await clock.sleep(everyMs, signal);
  }
}

const times = (count: number): string => (count === 1 ? '' : ` (${count} times)`);

/** One measurement; its reason has no full stop yet. */
async function measureOnce(
  { source, clock, timeoutMs }: MetricCheckOptions,
  expectations: readonly [Bounds, ...Bounds[]],
  stop: AbortSignal,
): Promise<Judgement> {
  let value: number | undefined;
  try {
    value = await within(clock, timeoutMs, (signal) => {
      stop.throwIfAborted();
      return source.read(AbortSignal.any([signal, stop]));
    });
  } catch (error) {
    return { verdict: 'error', reason: describeCause(error).replace(/\.$/, '') };
  }
  if (value === undefined) {
    return { verdict: 'inconclusive', reason: `There is no data for ${source.signal}` };
  }
  const measured = value;
  const said = `${source.signal} is ${describeValue(measured, source.unit)}`;
  return judgeByAny(expectations, (bounds) => {
    const wanted = describeBounds(bounds, source.unit);
    return isMet(bounds, measured)
      ? { verdict: 'passed', reason: `${said}, ${wanted} as expected` }
      : { verdict: 'failed', reason: `${said}, expected ${wanted}` };
  });
}
