/**
 * Keeps people and publishing from losing each other's edits of base and safe values. Emergencies
 * never take it (see override-log.ts): it can be left behind by a process that was killed, and
 * then it is waited for.
 */

import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackoutError } from '../../model/error.ts';
import { createFile, ensureDirectory } from './durable-write.ts';

/** Edits take milliseconds; whoever waits longer than this waits for something that is stuck. */
const WAIT_MS = 5_000;

/** @throws BackoutError E_FLAGS_BUSY (retryable) */
export async function withEditLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  await ensureDirectory(directory);
  const path = join(directory, '.edit-lock');
  const owner = `${hostname()} ${process.pid} ${randomBytes(6).toString('hex')}`;
  const deadline = performance.now() + WAIT_MS;
  while (!(await createFile(path, owner))) {
    const holder = await readFile(path, 'utf8').catch(() => '');
    if (isGone(holder)) await removeLock(path, holder);
    else if (performance.now() > deadline) throw busyError(path, holder);
    else await sleep(5 + Math.random() * 20);
  }
  try {
    return await work();
  } finally {
    await removeLock(path, owner);
  }
}

/** Only a process of this machine can be known to be gone. */
function isGone(holder: string): boolean {
  const [host, pid] = holder.split(' ');
  if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/**
 * Removes the lock if it is still `owner`'s. Two processes may find the same dead owner at once;
 * the slower one must not remove the lock that the faster one has taken since. So it is moved
 * aside first, looked at, and put back if it is somebody else's.
 */
async function removeLock(path: string, owner: string): Promise<void> {
  const aside = `${path}-${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== owner) await link(aside, path);
  } catch {
    // Somebody else has moved it, or has taken a new one: either way it is not ours to remove.
  } finally {
    await rm(aside, { force: true });
  }
}

function busyError(path: string, holder: string): BackoutError {
  return new BackoutError({
    code: 'E_FLAGS_BUSY',
    message: `Somebody else is changing flag values (${holder === '' ? 'unknown' : holder}: host, process).`,
    remedy: `Try again. If that process is stuck or its machine is gone, remove ${path}. Safe state does not wait for this: \`backout emergency\`.`,
    retryable: true,
  });
}
