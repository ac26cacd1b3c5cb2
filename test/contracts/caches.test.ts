import { afterAll, beforeAll, describe } from 'vitest';
import { Redis } from 'ioredis';
import { memoryCache } from '../../src/adapters/memory/cache.ts';
import { type CachedKeys, redisCache } from '../../src/adapters/redis/cache.ts';
import { startRedis } from '../../src/adapters/local/redis-server.ts';
import type { LocalServer } from '../../src/adapters/local/local-server.ts';
import { testBinaries } from '../support/services.ts';
import { cacheContract, type CacheUnderTest } from './caches.contract.ts';

let server: LocalServer;
beforeAll(async () => {
  // A server of its own: the whole of it is emptied.
  server = await startRedis({ binaries: (await testBinaries()).redis });
});
afterAll(() => server.stop());

function onRedis(keys: CachedKeys, prefix: string, database: number) {
  return async (): Promise<CacheUnderTest> => {
    const url = new URL(server.url);
    url.pathname = `/${database}`;
    const client = new Redis(url.href);
    await client.flushall();
    return {
      cache: redisCache({ name: 'readings', url: server.url, keys }),
      async fill(count) {
        const pairs = Array.from({ length: count }, (_, index) => [`${prefix}${index}`, 'x']);
        await client.mset(...pairs.flat());
      },
      size: async () => (await client.keys(`${prefix}*`)).length,
      async [Symbol.asyncDispose]() {
        client.disconnect();
      },
    };
  };
}

describe('A cache in memory', () => {
  cacheContract(async () => {
    const cache = memoryCache();
    return {
      cache,
      async fill(count) {
        for (let index = 0; index < count; index += 1) cache.keys.add(`key-${index}`);
      },
      size: async () => cache.keys.size,
      async [Symbol.asyncDispose]() {},
    };
  });
});

describe('A cache of one prefix in Redis', () => {
  cacheContract(onRedis({ kind: 'prefix', prefix: 'readings:' }, 'readings:', 0));
});

describe('A cache of one numbered database in Redis', () => {
  cacheContract(onRedis({ kind: 'database', database: 7 }, '', 7));
});

describe('A cache that has a Redis for itself', () => {
  cacheContract(onRedis({ kind: 'server' }, '', 0));
});
