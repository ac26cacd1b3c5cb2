/**
 * Keeps two processes from downloading the same thing at the same time. It only saves work: what
 * keeps the cache whole is that finished trees are renamed into place in one step. So giving up
 * waiting, or removing the lock of a process that is gone, can cost a second download, never a
 * broken cache.
 */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** @param waitMs after this long the work is done without the lock */
export async function withCacheLock<T>(
  dir: string,
  waitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(dir, 'unpacking.lock');
  const held = await acquire(path, performance.now() + waitMs);
  try {
    return await work();
  } finally {
    if (held) await rm(path, { force: true });
  }
}

async function acquire(path: string, deadline: number): Promise<boolean> {
  while (performance.now() < deadline) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (await isAbandoned(path)) await rm(path, { force: true });
    else await sleep(100);
  }
  return false;
}

async function isAbandoned(path: string): Promise<boolean> {
  const owner = Number(await readFile(path, 'utf8').catch(() => ''));
  // Empty: its owner is between creating and writing the file, or it is gone already.
  if (!Number.isInteger(owner) || owner <= 0) return false;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
