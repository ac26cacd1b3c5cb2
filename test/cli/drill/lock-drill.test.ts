import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDrill } from '../../../cli/drill/lock-drill.ts';
import { PROGRAM } from '../support.ts';

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backout-drill-lock-'));
  root = join(folder, '.backout/drill');
});
afterEach(() => rm(folder, { recursive: true }));

test('A second drill in the folder is refused, and the first one goes on.', async () => {
  await using _lock = await lockDrill(root);
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'drill'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(stderr).toContain(`E_DRILL_RUNNING  A drill runs here already (pid ${process.pid}).`);
  expect(status).toBe(4);
  expect(await readFile(join(root, 'lock'), 'utf8')).toBe(`${process.pid}\n`);
});

test('After a drill the folder is free again.', async () => {
  await (await lockDrill(root))[Symbol.asyncDispose]();
  expect(await readdir(root)).toEqual([]);
  await (await lockDrill(root))[Symbol.asyncDispose]();
});

test.each([
  ['a process that is gone', () => `${spawnSync(process.execPath, ['--version']).pid}\n`],
  ['an earlier process with our id', () => `${process.pid}\n`],
  ['nobody', () => 'not a number'],
])('A lock of %s does not count.', async (_, content) => {
  await (await lockDrill(root))[Symbol.asyncDispose]();
  await writeFile(join(root, 'lock'), content());
  await using _lock = await lockDrill(root);
  expect(await readFile(join(root, 'lock'), 'utf8')).toBe(`${process.pid}\n`);
  expect(await readdir(root)).toEqual(['lock']);
});
