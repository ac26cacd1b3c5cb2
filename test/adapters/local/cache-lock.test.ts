import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withCacheLock } from '../../../src/adapters/local/cache-lock.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterAll(() => rm(dir, { recursive: true }));

const lockFile = () => join(dir, 'unpacking.lock');

test('work under the lock never overlaps, and the lock is gone afterwards', async () => {
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await readdir(dir);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 4 }, () => withCacheLock(dir, 10_000, work)));
  expect(most).toBe(1);
  expect(await readdir(dir)).toEqual([]);
});

test('the lock of a process that is gone does not hold anybody up', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  await writeFile(lockFile(), String(child.pid));
  expect(await withCacheLock(dir, 60_000, async () => 'done')).toBe('done');
  expect(await readdir(dir)).toEqual([]);
});

test('the wait is bounded: after it the work is done without the lock, which stays with its holder', async () => {
  await writeFile(lockFile(), String(process.pid));
  expect(await withCacheLock(dir, 250, async () => 'done')).toBe('done');
  expect(await readdir(dir)).toEqual(['unpacking.lock']);
  await rm(lockFile());
});

test('work that fails gives the lock back', async () => {
  const failing = withCacheLock(dir, 1_000, () => Promise.reject(new Error('disk full')));
  await expect(failing).rejects.toThrow('disk full');
  expect(await readdir(dir)).toEqual([]);
});
