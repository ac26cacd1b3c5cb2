import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('docs/targets.md says of each kind of target that is put into trouble how it ends.', () => {
  const kinds = globSync('test/contracts/target-trouble-*.test.ts', { cwd: root })
    .flatMap((file) => [...read(file).matchAll(/^targetTroubleContract\('([a-z-]+)'/gm)])
    .map(([, kind = '']) => `\`${kind}\``);
  const [, rest = ''] = read('docs/targets.md').split('\n## On a bad day\n');
  const [chapter = ''] = rest.split('\n## ');
  const [head, , ...rows] = chapter
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const columns = head?.filter((cell) => cell !== '') ?? [];
  expect(columns.toSorted()).toEqual(kinds.toSorted());
  expect(rows.length).toBeGreaterThan(0);
  const filled = rows.map((cells) => cells.filter((cell) => cell !== '').length);
  expect(new Set(filled)).toEqual(new Set([columns.length + 1]));
});
