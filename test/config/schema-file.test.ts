import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const SCHEMA = 'backout.schema.json';
const GUIDE = 'docs/configuration.md';

async function runScript(...args: string[]): Promise<{ code: number; output: string }> {
  return await new Promise((done) => {
    execFile(
      process.execPath,
      [join(ROOT, 'scripts/schema.ts'), ...args],
      { timeout: 30_000 },
      (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
      },
    );
  });
}

/** A copy of the generated files in which something can be changed. */
async function copyFiles(): Promise<AsyncDisposable & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'backout-schema-'));
  await mkdir(join(folder, 'docs'));
  for (const file of [SCHEMA, GUIDE]) await cp(join(ROOT, file), join(folder, file));
  return { folder, [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }) };
}

test('the generated files fit the schema', async () => {
  expect(await runScript('--check')).toEqual({ code: 0, output: '' });
});

test.each([
  [SCHEMA, 'Default: 30s', 'Default: 31s'],
  [GUIDE, 'Default: 30s', 'Default: 31s'],
])('a change in %s is noticed, named, and mended by writing', async (file, from, to) => {
  await using copy = await copyFiles();
  const path = join(copy.folder, file);
  const before = await readFile(path, 'utf8');
  await writeFile(path, before.replace(from, to));

  const checked = await runScript('--check', copy.folder);
  expect(checked.code).toBe(1);
  expect(checked.output).toBe(
    `${file} does not fit the schema in src/config: run "npm run schema".\n`,
  );

  expect((await runScript(copy.folder)).code).toBe(0);
  expect(await readFile(path, 'utf8')).toBe(before);
});

test('what people write outside the generated part stays', async () => {
  await using copy = await copyFiles();
  const path = join(copy.folder, GUIDE);
  const before = await readFile(path, 'utf8');
  await writeFile(path, `${before}\nOur own words.\n`);

  expect((await runScript('--check', copy.folder)).code).toBe(0);
});

test('the JSON Schema is sorted, ends with a line break, and is of the draft that editors read', async () => {
  const text = await readFile(join(ROOT, SCHEMA), 'utf8');
  const keys = [...text.matchAll(/^ "([^"]+)":/gm)].map((match) => match[1] ?? '');

  expect(keys).toEqual(keys.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(text.endsWith('}\n')).toBe(true);
  expect(text).toContain('"$schema": "http://json-schema.org/draft-07/schema#"');
});
