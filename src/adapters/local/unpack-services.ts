/** PostgreSQL and Redis out of the distribution's packages, into the cache folder, once. */

import {
  chmod,
  glob,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvironmentVariables } from '../../config/environment.ts';
import type { AptWorkspace } from './apt-packages.ts';
import { openAptWorkspace, unpackPackage } from './apt-packages.ts';
import type { LocalBinaries, PostgresBinaries, RedisBinaries, ServiceKind } from './binaries.ts';
import { serviceNames } from './binaries.ts';
import { makeOpenDir } from './cache-directory.ts';
import { withCacheLock } from './cache-lock.ts';
import { examinePostgres, examineRedis } from './find-binaries.ts';

/** Raised when what we unpack changes, so that an older cache is not taken for the new one. */
const layoutVersion = 1;

/** How long to wait for another process that is downloading: longer than a usual download. */
const lockWaitMs = 180_000;

/** Temporary folders of processes that were killed are removed after this long. */
const leftoverAgeMs = 60 * 60 * 1000;

const temporaryPrefix = 'unpacking-';

export interface UnpackOptions {
  /** An existing folder that the servers' account can reach. */
  cacheDir: string;
  variables: EnvironmentVariables;
  onProgress: (text: string) => void;
}

/**
 * Returns the asked-for services from the cache, fetching those that are not there.
 * @throws {Error} with apt's own words when a package cannot be fetched or does not run
 */
export async function unpackServices(
  kinds: readonly ServiceKind[],
  options: UnpackOptions,
): Promise<Partial<LocalBinaries>> {
  const home = join(options.cacheDir, await platformName());
  await makeOpenDir(home);
  if ((await missingFrom(home, kinds)).length > 0) {
    await withCacheLock(home, lockWaitMs, async () => {
      // Looked at again: whoever held the lock has probably just done it.
      const missing = await missingFrom(home, kinds);
      if (missing.length > 0) await fetchServices(home, missing, options);
    });
  }
  const found: Partial<LocalBinaries> = {};
  if (kinds.includes('postgres')) found.postgres = await required(examineCachedPostgres(home));
  if (kinds.includes('redis')) found.redis = await required(examineCachedRedis(home));
  return found;
}

async function fetchServices(
  home: string,
  kinds: readonly ServiceKind[],
  options: UnpackOptions,
): Promise<void> {
  await removeLeftovers(home);
  const names = kinds.map((kind) => serviceNames[kind]).join(' and ');
  options.onProgress(
    `Fetching ${names} from this system's package source (only once; nothing is installed) …`,
  );
  const started = performance.now();
  const temporary = await mkdtemp(join(home, temporaryPrefix));
  try {
    const workspace = await openAptWorkspace(temporary, options.variables);
    for (const kind of kinds) {
      const root = join(temporary, kind);
      await unpackers[kind](workspace, root);
      await chmod(root, 0o755);
      await putInPlace(root, treeOf(home, kind));
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  options.onProgress(`${names} unpacked into ${home} in ${seconds} s.`);
}

const unpackers: Record<ServiceKind, (workspace: AptWorkspace, root: string) => Promise<void>> = {
  postgres: async (workspace, root) => {
    await unpackPackage(workspace, 'postgresql', /^postgresql(?:-client)?-\d+$/, root);
    // Without this file PostgreSQL knows that it has no just-in-time compiler. With it, and
    // without the compiler (which we do not fetch), every larger query would fail.
    for await (const file of glob('usr/lib/postgresql/*/lib/{llvmjit.so,bitcode}', { cwd: root })) {
      await rm(join(root, file), { recursive: true });
    }
  },
  redis: async (workspace, root) => {
    await unpackPackage(workspace, 'redis-tools', /^redis-tools$/, root);
    // One program under several names; the package redis-server adds nothing but this link.
    await symlink('redis-check-rdb', join(root, 'usr', 'bin', 'redis-server'));
  },
};

/** One rename, so that a tree under its final name is always complete. */
async function putInPlace(root: string, place: string): Promise<void> {
  try {
    await rename(root, place);
  } catch {
    // Something is there: a process that did not wait for us has finished first, which is just
    // as good, or a damaged tree, which `missingFrom` has reported. Either may be replaced; on
    // Linux, programs that already run from it are not disturbed.
    await rename(place, `${root}-replaced`);
    await rename(root, place);
  }
}

async function missingFrom(home: string, kinds: readonly ServiceKind[]): Promise<ServiceKind[]> {
  const missing: ServiceKind[] = [];
  for (const kind of kinds) {
    const examine = kind === 'postgres' ? examineCachedPostgres : examineCachedRedis;
    if ((await examine(home)) === undefined) missing.push(kind);
  }
  return missing;
}

async function examineCachedPostgres(home: string): Promise<PostgresBinaries | undefined> {
  const root = treeOf(home, 'postgres');
  const versions = await readdir(join(root, 'usr', 'lib', 'postgresql')).catch(() => []);
  const [version] = versions;
  if (version === undefined) return undefined;
  const bin = join(root, 'usr', 'lib', 'postgresql', version, 'bin');
  return examinePostgres(bin, 'unpacked', await libraryPathOf(root));
}

async function examineCachedRedis(home: string): Promise<RedisBinaries | undefined> {
  const root = treeOf(home, 'redis');
  const server = join(root, 'usr', 'bin', 'redis-server');
  return examineRedis(server, 'unpacked', await libraryPathOf(root));
}

/** The folders like `lib/x86_64-linux-gnu`, whatever the machine's architecture is called. */
async function libraryPathOf(root: string): Promise<string> {
  const dirs: string[] = [];
  for (const parent of [join(root, 'usr', 'lib'), join(root, 'lib')]) {
    for (const name of await readdir(parent).catch(() => [])) {
      if (name.includes('-linux-gnu')) dirs.push(join(parent, name));
    }
  }
  return dirs.join(':');
}

async function required<T>(examined: Promise<T | undefined>): Promise<T> {
  const found = await examined;
  if (found === undefined) throw new Error('The unpacked programs do not start on this machine.');
  return found;
}

async function removeLeftovers(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const path = join(home, name);
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs;
    if (changed !== undefined && Date.now() - changed > leftoverAgeMs) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function treeOf(home: string, kind: ServiceKind): string {
  return join(home, `${kind}-${layoutVersion}`);
}

/** For example `debian-12-x64`: programs of one release may not run on another. */
async function platformName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string): string =>
    text.match(new RegExp(`^${name}="?([\\w.-]+)"?$`, 'm'))?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}-${process.arch}`;
}
