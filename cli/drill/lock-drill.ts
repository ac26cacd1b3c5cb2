import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile, ensureDirectory, errorCode } from '../../src/adapters/file/durable-write.ts';
import { BackoutError } from '../../src/model/error.ts';

/** A lock that was left behind is taken away once; then somebody else may be faster, twice. */
const TRIES = 3;

/**
 * Keeps a second drill out of the folder: it would remove the first one's service under it.
 * The lock is a file with our process id; that of a process that is gone counts for nothing.
 * @param root `.backout/drill`
 * @throws BackoutError E_DRILL_RUNNING (refused)
 */
export async function lockDrill(root: string): Promise<AsyncDisposable> {
  await ensureDirectory(root);
  const path = join(root, 'lock');
  for (let tries = 1; ; tries += 1) {
    if (await createFile(path, `${process.pid}\n`)) break;
    const holder = await readHolder(path);
    if (holder !== undefined && (isRunning(holder) || tries === TRIES)) throw runsAlready(holder);
    await takeAway(path, holder);
  }
  return {
    [Symbol.asyncDispose]: () => rm(path, { force: true }),
  };
}

/** Undefined when the file is gone by now. A file that is not ours has the id 0. */
async function readHolder(path: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(path, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : 0;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  // In containers every run has the same id: before we created the lock, it is another's.
  if (pid === 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/** Renamed before it is removed, so that of two drills that do this only one removes something. */
async function takeAway(path: string, holder: number | undefined): Promise<void> {
  const away = `${path}.${process.pid}`;
  try {
    await rename(path, away);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const taken = await readHolder(away);
  // Another drill was faster, and this is its lock: it gets it back.
  if (taken !== holder && taken !== undefined) await createFile(path, `${taken}\n`);
  await rm(away, { force: true });
}

function runsAlready(pid: number): BackoutError {
  return new BackoutError({
    code: 'E_DRILL_RUNNING',
    kind: 'refused',
    message: `A drill runs here already (pid ${pid}).`,
    state: 'Nothing was started. The other drill goes on.',
    remedy: 'Wait for its end, or run this one in another folder.',
  });
}
