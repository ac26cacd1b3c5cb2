import { type CachedKeys, redisCache } from '../adapters/redis/cache.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { resolveReference } from '../config/secrets.ts';
import type { SelectedConfig } from '../config/select.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import type { Cache } from '../ports/caches.ts';

type CacheConfig = SelectedConfig['caches'][string];

/** The caches of an environment, in the order of the file. None is connected before it is used. */
export function buildCaches(config: SelectedConfig, variables: EnvironmentVariables): Cache[] {
  return Object.entries(config.caches).map(([name, cache]) => {
    const keys = keysOf(cache);
    try {
      return redisCache({ name, url: resolveReference(cache.url, variables), keys });
    } catch (error) {
      // Only whoever empties it needs its address.
      return unreachable(name, error);
    }
  });
}

/** The narrowest of what is written; the loader refuses a cache that says nothing. */
function keysOf({ prefix, database }: CacheConfig): CachedKeys {
  if (prefix !== undefined) return { kind: 'prefix', prefix };
  return database === undefined ? { kind: 'server' } : { kind: 'database', database };
}

function unreachable(name: string, cause: unknown): Cache {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new BackoutError({
        code: 'E_CACHE_UNREACHABLE',
        message: `The cache ${name} has no address: ${describeCause(cause)}`,
        remedy: `Set what caches.${name}.url of backout.yml refers to.`,
        cause,
      }),
    );
  return { name, covers: 'its address is missing', flush: refuse, isFlushed: refuse };
}
