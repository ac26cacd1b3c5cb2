import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const platform = process.platform === 'win32' ? 'win' : process.platform;

/** A package with nothing in it but its program, and a compiled one that says how it was called. */
let folder: string;
let program: string;
/** Makes a Node believe that it is an older one. */
let older: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'backout-bin-')));
  program = join(folder, 'bin/backout.js');
  older = join(folder, 'older.js');
  for (const name of ['bin', 'dist/cli']) await mkdir(join(folder, name), { recursive: true });
  await copyFile(join(root, 'bin/backout.js'), program);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(folder, 'dist/cli/backout.js'),
    `process.exitCode = 3;
     if (process.argv[2] === 'wait') {
       process.on('SIGTERM', () => process.exit(5));
       setTimeout(() => process.exit(6), 20000);
     }
     if (process.argv[2] === 'end') process.kill(process.pid, 'SIGKILL');
     console.log(process.versions.node, ...process.argv.slice(2));`,
  );
  await writeFile(
    older,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });`,
  );
});
afterEach(() => rm(folder, { recursive: true }));

/** The Node of the optional dependency: this one. */
async function installNode(): Promise<void> {
  const place = join(folder, `node_modules/node-${platform}-${process.arch}`);
  await mkdir(join(place, 'bin'), { recursive: true });
  await writeFile(join(place, 'package.json'), '{}');
  execFileSync('ln', ['-s', process.execPath, join(place, 'bin/node')]);
}

function runOlder(args: string[]) {
  const options = { encoding: 'utf8', timeout: 20_000 } as const;
  return spawnSync(process.execPath, ['--import', older, program, ...args], options);
}

test('A Node that is new enough runs the program itself.', () => {
  const { stdout, status } = spawnSync(process.execPath, [program, 'a b'], { encoding: 'utf8' });
  expect({ stdout, status }).toEqual({ stdout: `${process.versions.node} a b\n`, status: 3 });
});

test('An older one hands over to the one that came with the package.', async () => {
  await installNode();
  const { stdout, stderr, status, signal } = runOlder(['emergency', 'a b']);
  expect({ stdout, stderr, status, signal }).toEqual({
    stdout: `${process.versions.node} emergency a b\n`,
    stderr: '',
    status: 3,
    signal: null,
  });
  expect(runOlder(['end']).signal).toBe('SIGKILL');
});

test('A request to stop reaches the program, and its exit code comes back.', async () => {
  await installNode();
  const child = spawn(process.execPath, ['--import', older, program, 'wait'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await ended).toEqual([5, null]);
});

test('Without any that fits it says so, and starts nothing.', () => {
  const { stdout, stderr, status } = runOlder(['emergency']);
  expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
  expect(stderr).toContain('Backout needs Node 24; this is 20.1.0');
  expect(stderr).toContain('Install Node 24');
});
