/** Finds or fetches the programs of PostgreSQL and Redis. */

import type { EnvironmentVariables } from '../../config/environment.ts';
import type { BackoutError } from '../../model/error.ts';
import { describeCause } from '../../model/error.ts';
import type { LocalBinaries, PostgresBinaries, RedisBinaries, ServiceKind } from './binaries.ts';
import { prepareCacheDir } from './cache-directory.ts';
import { findOnPath, findSystemPostgres, findSystemRedis } from './find-binaries.ts';
import { missingServices } from './missing-services.ts';
import { unpackServices } from './unpack-services.ts';

export interface ProvideOptions {
  /** Where fetched programs are kept. As root, a folder others can reach may be used instead. */
  cacheDir: string;
  /** `PATH` to search, and the proxy settings that apt needs. */
  variables: EnvironmentVariables;
  /** Do as if this machine had neither installed. Default false. */
  hideSystem?: boolean;
  onProgress?: (text: string) => void;
}

/**
 * Order: installed on this machine; in the cache folder; fetched into the cache folder from the
 * distribution's packages, without installing them (Debian, Ubuntu and their relatives).
 * Safe to call from several processes at once: the download happens once.
 * @throws {BackoutError} E_SERVICES_MISSING with the lines to run, E_CACHE_DIR
 */
export async function provideBinaries(options: ProvideOptions): Promise<LocalBinaries> {
  const { postgres, redis } = await provide(['postgres', 'redis'], options);
  if (postgres === undefined || redis === undefined) throw notFound(['postgres', 'redis']);
  return { postgres, redis };
}

/** PostgreSQL alone; @see provideBinaries */
export async function providePostgres(options: ProvideOptions): Promise<PostgresBinaries> {
  const { postgres } = await provide(['postgres'], options);
  if (postgres === undefined) throw notFound(['postgres']);
  return postgres;
}

/** Redis alone; @see provideBinaries */
export async function provideRedis(options: ProvideOptions): Promise<RedisBinaries> {
  const { redis } = await provide(['redis'], options);
  if (redis === undefined) throw notFound(['redis']);
  return redis;
}

async function provide(
  kinds: readonly ServiceKind[],
  options: ProvideOptions,
): Promise<Partial<LocalBinaries>> {
  const found = options.hideSystem === true ? {} : await findInstalled(kinds, options.variables);
  const missing = kinds.filter((kind) => found[kind] === undefined);
  return missing.length === 0 ? found : { ...found, ...(await fetchMissing(missing, options)) };
}

function notFound(kinds: readonly ServiceKind[]): BackoutError {
  return missingServices(kinds, 'Nothing was fetched.');
}

async function findInstalled(
  kinds: readonly ServiceKind[],
  variables: EnvironmentVariables,
): Promise<Partial<LocalBinaries>> {
  const postgres = kinds.includes('postgres') ? await findSystemPostgres(variables) : undefined;
  const redis = kinds.includes('redis') ? await findSystemRedis(variables) : undefined;
  return {
    ...(postgres === undefined ? {} : { postgres }),
    ...(redis === undefined ? {} : { redis }),
  };
}

async function fetchMissing(
  missing: readonly ServiceKind[],
  options: ProvideOptions,
): Promise<Partial<LocalBinaries>> {
  const { variables, onProgress = () => {} } = options;
  for (const program of ['apt-get', 'apt-cache', 'dpkg-deb']) {
    if ((await findOnPath(program, variables)) !== undefined) continue;
    const reason = `It cannot be fetched here either, because there is no ${program}.`;
    throw missingServices(missing, reason);
  }
  const cacheDir = await prepareCacheDir(options.cacheDir);
  try {
    return await unpackServices(missing, { cacheDir, variables, onProgress });
  } catch (error) {
    const reason = `Fetching it from this system's package source failed: ${describeCause(error)}`;
    throw missingServices(missing, reason, error);
  }
}
