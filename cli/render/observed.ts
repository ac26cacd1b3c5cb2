import { AROUND_MS } from '../../src/model/observed.ts';
import type { ObservedReport } from '../../src/operations/report-observed.ts';
import { table, wrap } from './text.ts';
import { formatInstant } from './time.ts';

/** Times of false alarms that are shown for each rule. */
const SHOWN = 5;

/** What automation would have done, for people. */
export function renderObserved({ rules, incidents }: ObservedReport, days: number): string {
  const head = `In the last ${days} days automation would have acted:`;
  if (rules.length === 0) {
    return wrap(`In the last ${days} days automation would have done nothing.`);
  }
  const rows = rules.map(({ rule, times, false_positives: wrong }) => [
    rule,
    String(times),
    String(wrong),
  ]);
  const wrong = rules.filter(({ false_at: at }) => at.length > 0);
  return [
    head,
    '',
    table([['rule', 'times', 'false'], ...rows]),
    '',
    wrap(
      `False: no incident within ${AROUND_MS / 60_000} min around it. There were ${incidents} incidents. Signals of a rule within ${AROUND_MS / 60_000} min of each other are one time.`,
    ),
    ...wrong.flatMap(({ rule, false_at: at }) => [
      '',
      `${rule}, falsely:`,
      ...at.slice(-SHOWN).map((one) => `  ${formatInstant(one)}`),
      ...(at.length > SHOWN ? [`  and ${at.length - SHOWN} before`] : []),
    ]),
  ].join('\n');
}
