/**
 * PostgreSQL refuses to run as root, and Redis has no business to. When we are root, servers run
 * as `nobody`; then everything they execute or write must be reachable by that account.
 */

import { chmod, chown, mkdtemp, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Account {
  uid: number;
  gid: number;
}

/** `nobody`: 65534 on Linux by convention; the kernel needs no entry in /etc/passwd for it. */
const nobody: Account = { uid: 65534, gid: 65534 };

/** Start of the name of every throwaway directory, so that a person knows what it is. */
const throwawayPrefix = 'backout-';

/** The account to start servers as; undefined: our own, which is not root. */
export function serverAccount(): Account | undefined {
  return process.getuid?.() === 0 ? nobody : undefined;
}

/**
 * Whether the account that servers run as can reach this file or directory: read it, and enter
 * every directory above it. False when it does not exist.
 */
export async function isReachable(path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return false;
  if (serverAccount() === undefined) return true;
  return ((await stat(real)).mode & 0o005) === 0o005 && isEnterable(dirname(real));
}

/**
 * A new, empty directory that only the servers' account (and root) can read.
 * @returns its path; such as `/tmp/backout-redis-x7Bq2L`
 */
export async function makeThrowawayDir(service: string): Promise<string> {
  const usual = tmpdir();
  // TMPDIR may lead under /root, where `nobody` cannot go.
  const parent = (await isEnterable(usual)) ? usual : '/tmp';
  const dir = await mkdtemp(join(parent, `${throwawayPrefix}${service}-`));
  await giveToServers(dir);
  return dir;
}

/** Makes the servers' account the only one, besides root, that can use this path. */
export async function giveToServers(path: string): Promise<void> {
  const account = serverAccount();
  if (account !== undefined) await chown(path, account.uid, account.gid);
  const { mode } = await stat(path);
  await chmod(path, mode & 0o700);
}

/** As {@link isReachable}, for a directory in which we only create things: no need to list it. */
async function isEnterable(path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return false;
  if (serverAccount() === undefined) return true;
  for (let dir = real; ; dir = dirname(dir)) {
    if (((await stat(dir)).mode & 0o001) === 0) return false;
    if (dir === dirname(dir)) return true;
  }
}
