import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const map = readFileSync(join(root, 'docs/runbook-map.md'), 'utf8');
const rows = map
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| By hand'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('every row says what does it now, or that it is open', () => {
  expect(rows.length).toBeGreaterThan(30);
  const unsaid = rows.filter(([, , command, workflow]) => command === '' || workflow === '');
  expect(unsaid).toEqual([]);
});

test('every test that the map names exists', () => {
  const named = [...map.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(10);
  const missing = [...new Set(named)].filter((path) => globSync(path, { cwd: root }).length === 0);
  expect(missing).toEqual([]);
});

test('a row whose command exists names a test', () => {
  const untested = rows.filter(([, , command = '', , proof = '']) => {
    const isOpen = /^open\b/.test(command) || !command.includes('`backout');
    return !isOpen && proof === '';
  });
  expect(untested.map(([, byHand]) => byHand)).toEqual([]);
});
