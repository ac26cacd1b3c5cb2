/** Chooses a cache folder whose programs the servers' account can run. */

import { chmod, lstat, mkdir } from 'node:fs/promises';
import { BackoutError } from '../../model/error.ts';
import { isReachable, serverAccount } from './unprivileged.ts';

/**
 * Makes `preferred` and returns it, unless we are root and `nobody` cannot reach it (root's home is
 * closed to others): then a folder made for this purpose.
 * @throws {BackoutError} E_CACHE_DIR when no folder can be made
 */
export async function prepareCacheDir(preferred: string): Promise<string> {
  const candidates =
    serverAccount() === undefined
      ? [preferred]
      : [preferred, '/var/cache/backout', '/tmp/backout-cache-0'];
  const problems: string[] = [];
  for (const dir of candidates) {
    try {
      await makeOpenDir(dir);
      if (!(await isOurs(dir))) problems.push(`${dir} belongs to somebody else.`);
      else if (await isReachable(dir)) return dir;
      else problems.push(`${dir} cannot be read by the account that runs the servers.`);
    } catch (error) {
      problems.push(`${dir}: ${String(error)}.`);
    }
  }
  throw new BackoutError({
    code: 'E_CACHE_DIR',
    message: `There is no folder to keep downloaded programs in. ${problems.join(' ')}`,
    remedy: 'Set XDG_CACHE_HOME to a folder that you own and that others can read.',
  });
}

/** Makes a directory that others may read, whatever the umask says; an existing one stays as it is. */
export async function makeOpenDir(dir: string): Promise<void> {
  const made = await mkdir(dir, { recursive: true });
  if (made !== undefined) await chmod(dir, 0o755);
}

/** We run what is in there, so nobody else may have put it there. */
async function isOurs(dir: string): Promise<boolean> {
  const { uid } = await lstat(dir);
  return process.getuid === undefined || uid === process.getuid();
}
