/** Whether a rollback helped: the numbers before the release, before the rollback, and after it. */

import { describeValue } from './measured-value.ts';

/**
 * A signal whose direction is known, and when it is off without a better comparison: the lines of
 * the decision matrix. `margin`: smaller differences are noise.
 */
const SIGNALS = {
  error_rate: { unit: 'ratio', better: 'low', normal: 0.01, margin: 0.005 },
  latency_p95: { unit: 'milliseconds', better: 'low', normal: 1000, margin: 50 },
  payment_success: { unit: 'ratio', better: 'high', normal: 0.9, margin: 0.02 },
} as const;

type Numbers = Readonly<Record<string, number>>;

export interface Innocence {
  /**
   * `probably-not-the-cause`: what was off before the rollback is off as before.
   * `probably-the-cause`: it went away. `cannot-tell`: something is missing, or nothing was off.
   */
  verdict: 'probably-not-the-cause' | 'probably-the-cause' | 'cannot-tell';
  /** `error_rate is 6 %, was 6.2 % before the rollback and 0.1 % before the release`. */
  still_off: string[];
  /** One sentence. */
  reason: string;
}

/**
 * @param before before the release went live; undefined when nobody knows any more
 * @param during just before the rollback
 * @param after now, with the rollback done
 */
export function judgeInnocence(
  before: Numbers | undefined,
  during: Numbers | undefined,
  after: Numbers,
): Innocence {
  const seen = Object.entries(SIGNALS).flatMap(([name, rule]) => {
    const [then, now] = [during?.[name], after[name]];
    if (then === undefined || now === undefined) return [];
    const usual = before?.[name];
    const worseBy = (value: number, than: number): number =>
      rule.better === 'low' ? value - than : than - value;
    const limit = usual === undefined ? rule.normal : usual;
    const isOff = (value: number): boolean =>
      worseBy(value, limit) > (usual === undefined ? 0 : rule.margin);
    const show = (value: number): string => describeValue(value, rule.unit);
    const earlier = usual === undefined ? '' : ` and ${show(usual)} before the release`;
    return [
      {
        wasOff: isOff(then),
        isOff: isOff(now),
        improved: worseBy(then, now) > rule.margin,
        words: `${name} is ${show(now)}, was ${show(then)} before the rollback${earlier}`,
      },
    ];
  });
  const off = seen.filter((one) => one.isOff);
  const still_off = off.map(({ words }) => words);
  if (off.length > 0 && !seen.some(({ improved }) => improved)) {
    const reason = 'What is measured is not better than before the rollback.';
    return { verdict: 'probably-not-the-cause', still_off, reason };
  }
  if (seen.some(({ wasOff, improved }) => wasOff && improved)) {
    const reason = 'What is measured became better with the rollback.';
    return { verdict: 'probably-the-cause', still_off, reason };
  }
  const reason =
    seen.length === 0
      ? 'Nothing was measured both before and after the rollback.'
      : 'Nothing that is measured was off before the rollback.';
  return { verdict: 'cannot-tell', still_off, reason };
}

/** What to look at when the release is probably not the cause. */
export const TRY_NEXT: readonly string[] = [
  'See which providers are ill: `backout breakers status`, and their status pages.',
  'See what else changed at that time: configuration, migrations, traffic, the platform.',
  'Bring the release back when you know that it is not the cause: `backout rollback application --forward --reason "…"`.',
  'Leave the safe state on: `backout assess` shows what is off and where you could go back to.',
];
