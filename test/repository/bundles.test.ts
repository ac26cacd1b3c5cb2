import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
let fresh: string;

beforeAll(async () => {
  fresh = await mkdtemp(join(tmpdir(), 'backout-bundles-'));
  const program = join(root, 'scripts/bundle.ts');
  execFileSync(process.execPath, [program, fresh], { timeout: 60_000, stdio: 'pipe' });
});
afterAll(() => rm(fresh, { recursive: true, force: true }));

test.each(['actions/dist'])(
  '%s has exactly what its sources give: run "npm run bundle" and commit the result.',
  async (folder) => {
    const names = await readdir(join(fresh, folder));
    expect(names.length).toBeGreaterThan(0);
    expect(await readdir(join(root, folder))).toEqual(names);
    for (const name of names) {
      const [committed, built] = await Promise.all(
        [root, fresh].map((base) => readFile(join(base, folder, name))),
      );
      // Not compared as texts: a difference of 700 kB helps nobody.
      expect(committed?.equals(built ?? Buffer.of())).toBe(true);
    }
  },
);

test('Every part that a bundle loads is there.', async () => {
  const names = (await bundles()).map((path) => basename(path));
  const loaded = new Set(
    await Promise.all((await bundles()).map(partsOf)).then((all) => all.flat()),
  );
  // If nothing were found, nothing could be missing.
  expect(loaded.size).toBeGreaterThan(1);
  expect([...loaded].filter((part) => !names.includes(part))).toEqual([]);
});

test('The bundles are part of the repository, also on a machine that ignores dist folders.', async () => {
  const ignored = (await bundles()).filter((file) => {
    try {
      execFileSync('git', ['check-ignore', '--quiet', '--no-index', file], { cwd: root });
      return true;
    } catch {
      return false;
    }
  });
  expect(ignored).toEqual([]);
});

test('No bundle has a path of the machine that it was built on.', async () => {
  for (const file of await bundles()) {
    const text = await readFile(file, 'utf8');
    expect(text.includes(root)).toBe(false);
  }
});

test('The function for alarms loads less than a megabyte at its start, and is two at most.', async () => {
  const all = (await bundles()).filter((file) => basename(file).startsWith('on-alarm'));
  const sizes = await Promise.all(all.map(async (file) => (await readFile(file)).length));
  const first = all.findIndex((file) => basename(file) === 'on-alarm.mjs');
  expect(sizes[first]).toBeLessThan(1_000_000);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_000_000);
});

/** Every committed file that runs without an installation. */
async function bundles(): Promise<string[]> {
  const names = await readdir(join(root, 'actions/dist'));
  expect(names).toEqual(expect.arrayContaining(['rollback.mjs', 'on-alarm.mjs']));
  return names.map((name) => join(root, 'actions/dist', name));
}

/** Names of the files that a bundle loads from beside it, at its start or later. */
async function partsOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  const loads = text.matchAll(/(?:\bfrom|\bimport\(?)\s*["'`]\.\/([\w.-]+)["'`]/g);
  return [...loads].flatMap(([, name]) => name ?? []);
}
