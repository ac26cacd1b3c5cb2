import { BackoutError } from '../../model/error.ts';
import type { MetricUnit } from '../../ports/metrics.ts';

/** The units a source may answer in (`backout.yml`, section metrics). */
export type SourceUnit = 'ratio' | 'percent' | 'milliseconds' | 'seconds' | 'count';

const BASE: Readonly<Record<SourceUnit, readonly [unit: MetricUnit, factor: number]>> = {
  ratio: ['ratio', 1],
  percent: ['ratio', 0.01],
  milliseconds: ['milliseconds', 1],
  seconds: ['milliseconds', 1000],
  count: ['count', 1],
};

export function baseUnit(unit: SourceUnit): MetricUnit {
  return BASE[unit][0];
}

/**
 * A value of a source in its base unit. What cannot be is refused: a share of 35 is a percentage
 * with the wrong unit in backout.yml, and comparing it with "1%" would judge nonsense.
 * @throws BackoutError E_METRICS
 */
export function toBase(signal: string, value: number, unit: SourceUnit): number {
  const [base, factor] = BASE[unit];
  // 0.1 × 3 and the like: no more digits than were measured.
  const converted = Number((value * factor).toPrecision(12));
  if (converted < 0 || (base === 'ratio' && converted > 1)) {
    throw metricsError(`${signal} is ${value}, which cannot be a value in ${unit}`);
  }
  return converted;
}

/** E_METRICS: nothing is known about the value, neither good nor bad. */
export function metricsError(what: string): BackoutError {
  return new BackoutError({
    code: 'E_METRICS',
    message: `${what}.`,
    state: 'Nothing is known about this value.',
    remedy: 'Look at the metrics source by hand; its address is in the section metrics.',
    retryable: true,
  });
}
