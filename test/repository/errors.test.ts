import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

function codesIn(file: string, pattern: RegExp): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(pattern)].map(([, code = '']) => code);
}

const documented = codesIn('docs/errors.md', /^\| `(E_[A-Z_]+)` \|/gm);
const sources = globSync(['{src,cli,client,infra}/**/*.ts', 'bin/*.js'], { cwd: root });
const used = new Set(sources.flatMap((file) => codesIn(file, /['`](E_[A-Z_]+)\b/g)));

test('docs/errors.md explains every error code that can come up.', () => {
  expect(used.size).toBeGreaterThan(0);
  expect([...used].filter((code) => !documented.includes(code))).toEqual([]);
});

test('docs/errors.md explains no error code that cannot come up any more, and none twice.', () => {
  expect(documented.filter((code) => !used.has(code))).toEqual([]);
  expect(documented).toEqual([...new Set(documented)]);
});
