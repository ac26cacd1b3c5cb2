import { afterEach, expect, test, vi } from 'vitest';
import { formatDuration, formatInstant, formatTime } from '../../../cli/render/time.ts';

afterEach(() => vi.unstubAllEnvs());

test.each([
  ['UTC', '2026-11-23 03:12:01 UTC'],
  ['Europe/London', '2026-11-23 03:12:01 UTC'],
  ['Asia/Kolkata', '2026-11-23 03:12:01 UTC (08:42:01 here)'],
  ['America/New_York', '2026-11-23 03:12:01 UTC (22:12:01 here, day before)'],
])('A time is UTC, and in %s the time there stands beside it where it differs.', (zone, text) => {
  vi.stubEnv('TZ', zone);
  expect(formatInstant('2026-11-23T03:12:01.999Z')).toBe(text);
});

test('Late in the day it is the next day further east.', () => {
  vi.stubEnv('TZ', 'Asia/Tokyo');
  expect(formatTime(Date.UTC(2026, 11, 31, 23, 0, 0))).toBe(
    '23:00:00 UTC (08:00:00 here, next day)',
  );
});

test.each([
  [0, '0 s'],
  [7, '0.01 s'],
  [80, '0.08 s'],
  [1_000, '1 s'],
  [9_994, '9.99 s'],
  [9_999, '10 s'],
  [45_400, '45 s'],
  [99_499, '99 s'],
  [99_500, '1 min 40 s'],
  [300_000, '5 min'],
  [250_000, '4 min 10 s'],
])('%i ms are written %s.', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
