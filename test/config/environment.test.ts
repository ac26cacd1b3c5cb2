import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';

test.each([
  [{ XDG_CACHE_HOME: '/fast', HOME: '/home/ann' }, '/fast/backout'],
  [{ XDG_CACHE_HOME: 'relative', HOME: '/home/ann' }, '/home/ann/.cache/backout'],
  [{ XDG_CACHE_HOME: '', HOME: '/home/ann' }, '/home/ann/.cache/backout'],
  [{}, join(homedir(), '.cache/backout')],
])('with %j downloads are kept in %s', (variables, expected) => {
  expect(readEnvironment(variables).cacheDir).toBe(expected);
});

test.each([
  [undefined, false],
  ['', false],
  ['false', false],
  ['0', false],
  ['true', true],
  ['1', true],
])('CI set to %j means %j', (value, expected) => {
  expect(readEnvironment({ CI: value }).ci).toBe(expected);
});

test('a service address that is set to nothing is not set', () => {
  const environment = readEnvironment({
    BACKOUT_TEST_DATABASE_URL: ' ',
    BACKOUT_TEST_REDIS_URL: 'redis://127.0.0.1:6379/0',
  });
  expect(environment).not.toHaveProperty('testDatabaseUrl');
  expect(environment.testRedisUrl).toBe('redis://127.0.0.1:6379/0');
});
