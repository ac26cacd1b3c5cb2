import { expect, test } from 'vitest';
import { formatDuration, nameFault, parseDuration, parsePercent } from '../../src/config/values.ts';

test.each([
  ['0s', 0],
  ['250ms', 250],
  ['30s', 30_000],
  ['2m', 120_000],
  ['1h30m', 5_400_000],
  ['1m500ms', 60_500],
  ['2d', 172_800_000],
])('the duration %s has %i milliseconds, and is written the same way again', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(text);
});

test.each(['', '30', 's', '-1s', '1.5h', '30 s', '30S', '1m1h', '1s1s', '1e3s', '٣s'])(
  '"%s" is not a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  ['0%', 0],
  ['5%', 0.05],
  ['99.9%', 0.999],
  ['0.1%', 0.001],
  ['100%', 1],
])('%s is the ratio %f', (text, ratio) => {
  expect(parsePercent(text)).toBe(ratio);
});

test.each(['5', '%', '-5%', '101%', '5 %', '1e1%'])('"%s" is not a percentage', (text) => {
  expect(parsePercent(text)).toBeUndefined();
});

test('a name has at most 63 bytes, starts with a letter and has none of the forbidden signs', () => {
  expect(nameFault('a'.repeat(63))).toBeUndefined();
  expect(nameFault('community_enabled.v2-b')).toBeUndefined();
  for (const sign of ['{', '}', '*', '?', '[', ']', '\\', ':', '/', ' ', 'é', '\n']) {
    expect(nameFault(`a${sign}b`)?.message).toContain('contains');
  }
  for (const name of ['', '1a', '-a', '.', '__proto__', 'toString', 'a'.repeat(64)]) {
    expect(nameFault(name)).toBeDefined();
  }
});
