import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LocalBinaries, serviceVariables } from '../../../src/adapters/local/binaries.ts';
import type { LocalServer } from '../../../src/adapters/local/local-server.ts';
import { startRedis } from '../../../src/adapters/local/redis-server.ts';
import { type CachedKeys, redisCache } from '../../../src/adapters/redis/cache.ts';
import { quiet } from '../../contracts/caches.contract.ts';
import { failureOf } from '../../support/failure.ts';
import { testBinaries } from '../../support/services.ts';
import { until } from '../../support/until.ts';

let binaries: LocalBinaries;
let server: LocalServer;
let client: Redis;
beforeAll(async () => {
  binaries = await testBinaries();
  server = await startRedis({ binaries: binaries.redis });
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await client.select(0);
  await client.flushall();
});

const cache = (keys: CachedKeys, url = server.url) => redisCache({ name: 'readings', url, keys });

async function put(database: number, ...keys: string[]): Promise<void> {
  await client.select(database);
  await client.mset(...keys.flatMap((key) => [key, 'x']));
  await client.select(0);
}

async function keysIn(database: number): Promise<string[]> {
  await client.select(database);
  const keys = await client.keys('*');
  await client.select(0);
  return keys.toSorted();
}

describe('Emptying removes what belongs to the cache and nothing else', () => {
  test('of a prefix: other keys, and the same keys of another database, stay', async () => {
    await put(
      0,
      'readings:1',
      'readings:2',
      'reading',
      'sessions:readings:1',
      'backout:{s:e}:epoch',
    );
    await put(3, 'readings:1');
    await cache({ kind: 'prefix', prefix: 'readings:' }).flush('r', quiet());
    expect(await keysIn(0)).toEqual(['backout:{s:e}:epoch', 'reading', 'sessions:readings:1']);
    expect(await keysIn(3)).toEqual(['readings:1']);
  });

  test('of a prefix with the signs of patterns in it, which mean themselves', async () => {
    await put(0, 'a[1]*?\\^-x', 'a1-other', 'a[1]zz', 'a');
    await cache({ kind: 'prefix', prefix: 'a[1]*?\\^-' }).flush('r', quiet());
    expect(await keysIn(0)).toEqual(['a', 'a1-other', 'a[1]zz']);
  });

  test('of a prefix in the database that the address names', async () => {
    await put(0, 'readings:1');
    await put(5, 'readings:1');
    const url = new URL(server.url);
    url.pathname = '/5';
    await cache({ kind: 'prefix', prefix: 'readings:' }, url.href).flush('r', quiet());
    expect([await keysIn(0), await keysIn(5)]).toEqual([['readings:1'], []]);
  });

  test('of a numbered database: what Backout has in it stays, and every other database', async () => {
    await put(4, 'a', 'b', 'backout:{shop:production}:breakers');
    await put(0, 'a');
    await cache({ kind: 'database', database: 4 }).flush('r', quiet());
    expect(await keysIn(4)).toEqual(['backout:{shop:production}:breakers']);
    expect(await keysIn(0)).toEqual(['a']);
  });

  test('of a server for itself: all databases at once', async () => {
    await put(0, 'a', 'b');
    await put(9, 'c');
    const { removed } = await cache({ kind: 'server' }).flush('r', quiet());
    expect([removed, await keysIn(0), await keysIn(9)]).toEqual([3, [], []]);
  });

  test('of a server that is not for itself after all: the keys of any Backout stay', async () => {
    await put(0, 'a', 'b');
    await put(9, 'c', 'backout:{other:staging}:epoch');
    const notes: string[] = [];
    const progress = { ...quiet(), note: (text: string) => notes.push(text) };
    const { removed } = await cache({ kind: 'server' }).flush('r', progress);
    expect(removed).toBe(3);
    expect(await keysIn(0)).toEqual([]);
    expect(await keysIn(9)).toEqual(['backout:{other:staging}:epoch']);
    expect(notes).toEqual([expect.stringContaining('key by key')]);
  });

  test('while the service writes: what was there before is gone', async () => {
    const before = Array.from({ length: 20_000 }, (_, index) => `readings:old-${index}`);
    await put(0, ...before);
    const writer = new Redis(server.url);
    const stop = new AbortController();
    const written = (async () => {
      for (let index = 0; !stop.signal.aborted; index += 1)
        await writer.set(`readings:new-${index}`, 'x');
    })();
    const { removed } = await cache({ kind: 'prefix', prefix: 'readings:' }).flush('r', quiet());
    stop.abort();
    await written;
    writer.disconnect();
    expect(removed).toBeGreaterThanOrEqual(20_000);
    expect((await keysIn(0)).filter((key) => key.includes('old-'))).toEqual([]);
  });
});

describe('That it is emptied is read back', () => {
  test('one mark that is still there means that keys were left out', async () => {
    const readings = cache({ kind: 'prefix', prefix: 'readings:' });
    await readings.flush('r', quiet());
    expect(await readings.isFlushed('r')).toBe(true);
    await client.set('readings:flush-mark:r:11', '');
    expect(await readings.isFlushed('r')).toBe(false);
    expect(await readings.isFlushed('another')).toBe(true);
  });

  test('marks of an emptying that died disappear by themselves', async () => {
    const stopped = new AbortController();
    stopped.abort(new Error('stopped'));
    const given = { ...quiet(), signal: stopped.signal };
    await put(0, 'readings:1');
    const readings = cache({ kind: 'prefix', prefix: 'readings:' });
    await expect(readings.flush('r', given)).rejects.toThrow('stopped');
    expect(await readings.isFlushed('r')).toBe(false);
    expect(await client.ttl('readings:flush-mark:r:0')).toBeGreaterThan(3_000);
    expect(await client.exists('readings:1')).toBe(1);
  });
});

describe('What cannot be done is said', () => {
  test('a server that is away, without its password', async () => {
    const url = 'redis://:hunter22@127.0.0.1:1/0';
    const error = await failureOf(cache({ kind: 'server' }, url).flush('r', quiet()));
    expect(error).toMatchObject({ code: 'E_CACHE_UNREACHABLE', retryable: true });
    expect(JSON.stringify(error)).not.toContain('hunter22');
  });

  test('a user who may not remove keys', async () => {
    await client.acl(
      'SETUSER',
      'reader',
      'on',
      '>secret-word',
      '~*',
      '+@read',
      '+info',
      '+set',
      '+multi',
      '+exec',
    );
    await put(0, 'readings:1');
    const url = new URL(server.url);
    url.username = 'reader';
    url.password = 'secret-word';
    const readings = cache({ kind: 'prefix', prefix: 'readings:' }, url.href);
    const error = await failureOf(readings.flush('r', quiet()));
    expect(error).toMatchObject({ code: 'E_CACHE_UNREACHABLE' });
    expect(JSON.stringify(error)).toMatch(/NOPERM/);
    expect(await readings.isFlushed('r')).toBe(false);
  });

  test('a cluster, of which one node would be emptied and look like the whole', async () => {
    await using cluster = await startCluster();
    const url = `redis://127.0.0.1:${cluster.port}`;
    const error = await failureOf(cache({ kind: 'server' }, url).flush('r', quiet()));
    expect(error).toMatchObject({ code: 'E_CACHE_CLUSTER', kind: 'refused' });
  });
});

/** One node is enough: it says of itself that it belongs to a cluster. */
async function startCluster(): Promise<{ port: number } & AsyncDisposable> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'backout-cluster-'));
  const settings = join(directory, 'cluster.conf');
  const lines = [
    `port ${port}`,
    `cluster-port ${await freePort()}`,
    'cluster-enabled yes',
    `dir ${directory}`,
  ];
  await writeFile(settings, lines.join('\n'));
  const node = spawn(binaries.redis.server, [settings], {
    stdio: 'ignore',
    env: serviceVariables(binaries.redis, directory),
  });
  const probe = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 });
  probe.on('error', () => undefined);
  await until('the node answers', () => probe.status === 'ready');
  probe.disconnect();
  return {
    port,
    async [Symbol.asyncDispose]() {
      const ended = once(node, 'exit');
      node.kill();
      await ended;
      await rm(directory, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  listening.close();
  await once(listening, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
