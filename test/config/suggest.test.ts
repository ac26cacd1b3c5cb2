import { expect, test } from 'vitest';
import { suggest, suggestRemedy } from '../../src/config/suggest.ts';

test.each([
  ['tll', 'ttl'],
  ['wiat', 'wait'],
  ['enviroments', 'environments'],
  ['Environments', 'environments'],
  ['recovery-order', 'recovery_order'],
])('"%s" was probably meant to be "%s"', (word, meant) => {
  expect(suggest(word, ['ttl', 'wait', 'environments', 'recovery_order'])).toBe(meant);
});

test('another word is no slip', () => {
  expect(suggest('colour', ['ttl', 'wait'])).toBeUndefined();
  expect(suggest('x', ['ttl'])).toBeUndefined();
});

test('the remedy lists what there is, or says that there is nothing', () => {
  expect(suggestRemedy('colour', ['wait', 'ttl'])).toBe('Known: ttl, wait.');
  expect(suggestRemedy('colour', [])).toContain('There is none');
});

test('a very long word is not compared at all', () => {
  const long = 'a'.repeat(100_000);

  expect(suggest(long, [`${long}b`])).toBeUndefined();
});

test('of many names only some are listed', () => {
  const names = Array.from({ length: 50 }, (_, at) => `name${at + 10}`);

  expect(suggestRemedy('colour', names)).toMatch(/^Known: name10, .*name29 and more\.$/);
});
