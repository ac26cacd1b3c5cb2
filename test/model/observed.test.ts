import { describe, expect, test } from 'vitest';
import { type Observation, observedDay, reportObserved } from '../../src/model/observed.ts';

const NOON = Date.parse('2026-11-20T12:00:00Z');
const MIN = 60_000;
const would = (minute: number, ...rules: string[]): Observation => ({
  at: NOON + minute * MIN,
  rules: rules.length === 0 ? ['critical-errors'] : rules,
  level: 'application',
  reason: 'Would act.',
});
const trouble = (from: number, to: number) => ({ from: NOON + from * MIN, to: NOON + to * MIN });

describe('By rule it is told how often it would have acted, and how often wrongly', () => {
  test.each<[string, Observation[], { from: number; to?: number }[], [number, number]]>([
    ['once, in an incident', [would(0)], [trouble(-5, 60)], [1, 0]],
    ['once, and nobody saw trouble', [would(0)], [], [1, 1]],
    ['half an hour before people noticed', [would(0)], [trouble(30, 60)], [1, 0]],
    ['longer before', [would(0)], [trouble(31, 60)], [1, 1]],
    ['half an hour after it was over', [would(0)], [trouble(-60, -30)], [1, 0]],
    ['while an incident is open still', [would(0)], [{ from: NOON - MIN }], [1, 0]],
    ['again and again: one time', [would(0), would(20), would(40)], [], [1, 1]],
    ['later again: another time', [would(0), would(31)], [], [2, 2]],
    ['one right, one wrong', [would(0), would(120)], [trouble(0, 10)], [2, 1]],
  ])('%s', (_what, observations, troubles, [times, wrong]) => {
    expect(reportObserved(observations, troubles)).toMatchObject([
      { rule: 'critical-errors', times, false_positives: wrong },
    ]);
  });

  test('and a signal that means two rules counts for both', () => {
    const found = reportObserved([would(0, 'slow', 'critical-errors')], []);
    expect(found.map(({ rule, times }) => [rule, times])).toEqual([
      ['critical-errors', 1],
      ['slow', 1],
    ]);
  });
});

test('Records of one day stand together, by the day in UTC.', () => {
  expect(observedDay(Date.parse('2026-11-20T23:59:59Z'))).toBe('observed-20261120');
  expect(observedDay(Date.parse('2026-11-21T00:00:00Z'))).toBe('observed-20261121');
});
