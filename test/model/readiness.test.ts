import { expect, test } from 'vitest';
import { judgeReadiness, type Proof } from '../../src/model/readiness.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23, 3);
const EXPIRES = { flags: 7 * DAY, application: 30 * DAY, database: 30 * DAY };

function proof(change: Partial<Proof> & { age: number }): Proof {
  const { age, ...rest } = change;
  const at = new Date(NOW - age).toISOString();
  return { level: 'application', at, by: 'rollback', incident: 'inc00001', ...rest };
}

function stateOf(proofs: readonly Proof[], level = 'application') {
  return judgeReadiness(proofs, NOW, EXPIRES).find((one) => one.level === level)?.state;
}

test('Every level is named, the lowest first, also those that were never proven.', () => {
  expect(judgeReadiness([], NOW, EXPIRES)).toEqual([
    { level: 'flags', state: 'never', expires_ms: 7 * DAY },
    { level: 'application', state: 'never', expires_ms: 30 * DAY },
    { level: 'database', state: 'never', expires_ms: 30 * DAY },
  ]);
});

test.each([
  ['a moment ago', 0, 'proven'],
  ['as long ago as a proof counts', 30 * DAY, 'proven'],
  ['a millisecond longer ago', 30 * DAY + 1, 'stale'],
  ['years ago', 1_000 * DAY, 'stale'],
  ['in the future, by a clock that was wrong', -DAY, 'proven'],
])('What was proven %s is told as it is.', (_, age, state) => {
  expect(stateOf([proof({ age })])).toBe(state);
});

test('Each level has its own time.', () => {
  const proofs = [proof({ age: 8 * DAY }), proof({ age: 8 * DAY, level: 'flags' })];
  expect([stateOf(proofs, 'flags'), stateOf(proofs)]).toEqual(['stale', 'proven']);
});

test('The newest proof counts, in whatever order they come and whatever it was.', () => {
  const [old, young] = [
    proof({ age: 5 * DAY, level: 'flags', took_ms: 1 }),
    proof({ age: DAY, level: 'flags', took_ms: 2, by: 'flag-test' }),
  ];
  for (const proofs of [
    [old, young],
    [young, old],
  ]) {
    expect(judgeReadiness(proofs, NOW, EXPIRES)[0]?.proof).toEqual(young);
  }
});

test('A level proves no other one.', () => {
  expect(stateOf([proof({ age: 0, level: 'flags' })])).toBe('never');
});
