import { expect, test } from 'vitest';
import { judgeSignals, type Reading, type WatchedRule } from '../../src/model/live-signals.ts';

const rules: Record<string, WatchedRule> = {
  'service-down': { signal: 'health', decision: 'act', automatic: 'application' },
  'critical-errors': {
    signal: 'error_rate',
    threshold: { above: 0.05 },
    decision: 'act',
    automatic: 'application',
  },
  'moderate-errors': {
    signal: 'error_rate',
    threshold: { above: 0.01, at_most: 0.05 },
    decision: 'investigate',
    automatic: 'application',
  },
  payments: {
    signal: 'payment_success',
    threshold: { below: 0.9 },
    decision: 'act',
    automatic: 'none',
  },
  hint: {
    signal: 'error_rate',
    threshold: { above: 0.1 },
    decision: 'suggest',
    automatic: 'none',
  },
};

const errors = (value: number): Reading => ({
  signal: 'error_rate',
  unit: 'ratio',
  state: 'measured',
  value,
});

function statesFor(...readings: Reading[]) {
  return judgeSignals(rules, readings).map(({ rule, state, level }) => [rule, state, level]);
}

test.each([
  [0.14, 'met', 'application', 'not-met', undefined],
  [0.05, 'not-met', undefined, 'met', 'application'],
  [0.0501, 'met', 'application', 'not-met', undefined],
  [0.01, 'not-met', undefined, 'not-met', undefined],
  [0, 'not-met', undefined, 'not-met', undefined],
])('Errors of %d mean what the bounds of the rules say.', (value, critical, to, moderate, too) => {
  const found = statesFor(errors(value));
  expect(found[0]).toEqual(['critical-errors', critical, to]);
  expect(found[1]).toEqual(['moderate-errors', moderate, too]);
});

test('What a rule only suggests leads to no level; what acts means the safe state at least.', () => {
  const payments: Reading = {
    signal: 'payment_success',
    unit: 'ratio',
    state: 'measured',
    value: 0.5,
  };
  expect(statesFor(errors(0.2), payments).slice(2)).toEqual([
    ['payments', 'met', 'flags'],
    ['hint', 'met', undefined],
  ]);
});

test('No data is not zero, and a source that fails is neither.', () => {
  const silent: Reading = { signal: 'payment_success', unit: 'ratio', state: 'no-data' };
  const broken: Reading = {
    signal: 'error_rate',
    unit: 'ratio',
    state: 'unreadable',
    problem: 'it does not answer',
  };
  const found = judgeSignals(rules, [silent, broken]);
  expect(found.map(({ state }) => state)).not.toContain('met');
  expect(found.map(({ state }) => state)).not.toContain('not-met');
  expect(found.find(({ rule }) => rule === 'payments')?.text).toBe('no data');
  expect(found[0]?.text).toContain('it does not answer');
  expect(found.every((one) => !('value' in one))).toBe(true);
});

test('Rules that nothing measures are left out.', () => {
  expect(statesFor()).toEqual([]);
  expect(statesFor(errors(0)).map(([rule]) => rule)).not.toContain('service-down');
});

test('The words have the value and the bound, each with its unit.', () => {
  const text = judgeSignals(rules, [errors(0.14)])[0]?.text;
  expect(text).toBe('14 % is above 5 %');
});
