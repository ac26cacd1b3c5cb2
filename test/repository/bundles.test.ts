import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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

test('The bundles are part of the repository, also on a machine that ignores dist folders.', () => {
  const ignored = ['actions/dist/rollback.mjs', 'actions/dist/on-alarm.mjs'].filter((file) => {
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
  for (const file of await readdir(join(root, 'actions/dist'))) {
    const text = await readFile(join(root, 'actions/dist', file), 'utf8');
    expect(text.includes(root)).toBe(false);
  }
});

test('The function for alarms is no larger than a megabyte.', async () => {
  expect((await readFile(join(root, 'actions/dist/on-alarm.mjs'))).length).toBeLessThan(1_000_000);
});
