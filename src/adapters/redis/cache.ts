/** Emptying a cache in Redis without touching anything else that lives on the server. */

import type { ChainableCommander, Redis } from 'ioredis';
import { BackoutError } from '../../model/error.ts';
import type { Cache, FlushProgress } from '../../ports/caches.ts';
import { callRedis, connectRedis, type RedisConnection } from './connection.ts';

/** Which keys are the cache's. */
export type CachedKeys =
  | { kind: 'prefix'; prefix: string }
  | { kind: 'database'; database: number }
  /** The configuration promises that nothing else is on the server. */
  | { kind: 'server' };

export interface RedisCacheOptions {
  name: string;
  /** `redis://` or `rediss://`; its path names the database of a prefix. */
  url: string;
  keys: CachedKeys;
}

/** What Backout keeps in any Redis begins so; it survives every emptying. */
const OURS = 'backout:';
/** Keys of one SCAN and one UNLINK: a millisecond or two of the server's only thread. */
const BATCH = 1_000;
/**
 * Marks spread over the key space before an emptying. Each one that is gone afterwards was found by
 * it; had it left out half of the keys, all 16 would be gone once in 65,000 times.
 */
const MARKS = 16;
/** Marks of an emptying that died disappear by themselves after this, in seconds. */
const MARKS_STAY_S = 3_600;
/** Cap of one call, in milliseconds: a busy server is waited for, a dead one is not. */
const CALL_CAP_MS = 5_000;
const NOTE_EVERY_MS = 2_000;

/** Connects only while it empties: no other command needs a connection to a cache. */
export function redisCache(options: RedisCacheOptions): Cache {
  const { name, url, keys } = options;
  const prefix = keys.kind === 'prefix' ? keys.prefix : '';
  const home = databaseOf(url, keys);
  const marks = (run: string): string[] =>
    Array.from({ length: MARKS }, (_, index) => `${prefix}flush-mark:${run}:${index}`);

  /** One connection per database: a connection that broke comes back to its own. */
  function open(database: number): RedisConnection {
    const address = new URL(url);
    address.pathname = `/${database}`;
    return connectRedis(address.href);
  }

  async function flush(run: string, progress: FlushProgress): Promise<{ removed: number }> {
    await using redis = open(home);
    const call = caller(name, redis);
    requireOneNode(name, await call((client) => client.info('cluster')));
    await setMarks(call, marks(run));
    if (keys.kind !== 'server') return { removed: (await sweep(call, prefix, progress)) - MARKS };
    const databases = databasesIn(await call((client) => client.info('keyspace')));
    const numbers = databases.map(({ number }) => number);
    if (!(await anyOfOurs(numbers, open, name, progress.signal))) {
      await call((client) => client.flushall('ASYNC'));
      return { removed: databases.reduce((sum, { size }) => sum + size, -MARKS) };
    }
    progress.note('Backout has keys on this server: everything else is removed key by key.');
    let removed = 0;
    for (const database of numbers) {
      await using other = open(database);
      removed += await sweep(caller(name, other), '', progress);
    }
    return { removed: removed - MARKS };
  }

  return {
    name,
    covers: describeKeys(keys, home),
    flush,
    async isFlushed(run) {
      await using redis = open(home);
      return (await caller(name, redis)((client) => client.exists(...marks(run)))) === 0;
    },
  };
}

type Call = <T>(ask: (client: Redis) => Promise<T>) => Promise<T>;

function caller(name: string, redis: RedisConnection): Call {
  return async (ask) => {
    try {
      return await callRedis(redis, CALL_CAP_MS, ask);
    } catch (error) {
      throw new BackoutError({
        code: 'E_CACHE_UNREACHABLE',
        kind: 'uncertain',
        message: `The Redis of the cache ${name} did not do what was asked of it.`,
        state: 'Part of the cache may be empty. That is harmless: it fills again.',
        remedy: 'Check that it runs and can be reached from here, then empty the cache again.',
        retryable: true,
        cause: error instanceof Error ? (error.cause ?? error) : error,
      });
    }
  };
}

async function setMarks(call: Call, marks: readonly string[]): Promise<void> {
  await call(async (client) => {
    const batch: ChainableCommander = client.multi();
    for (const mark of marks) batch.set(mark, '', 'EX', MARKS_STAY_S);
    return batch.exec();
  });
}

/**
 * Removes every key of one database that begins with the prefix. SCAN finds whatever is there from
 * its beginning to its end; UNLINK frees the memory in the background.
 * @returns how many were removed
 */
async function sweep(call: Call, prefix: string, { signal, note }: FlushProgress): Promise<number> {
  let cursor = '0';
  let removed = 0;
  let told = performance.now();
  do {
    signal.throwIfAborted();
    const from = cursor;
    const [next, found] = await call((client) =>
      client.scan(from, 'MATCH', `${literal(prefix)}*`, 'COUNT', BATCH),
    );
    cursor = next;
    const doomed = found.filter((key) => !key.startsWith(OURS));
    if (doomed.length > 0) removed += await call((client) => client.unlink(...doomed));
    if (performance.now() - told > NOTE_EVERY_MS) {
      note(`${removed.toLocaleString('en')} keys removed so far.`);
      told = performance.now();
    }
  } while (cursor !== '0');
  return removed;
}

/** Whether anything of Backout is on the server, of this service or of any other. */
async function anyOfOurs(
  databases: readonly number[],
  open: (database: number) => RedisConnection,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const database of databases) {
    await using redis = open(database);
    const call = caller(name, redis);
    let cursor = '0';
    do {
      signal.throwIfAborted();
      const from = cursor;
      const [next, found] = await call((client) =>
        client.scan(from, 'MATCH', `${OURS}*`, 'COUNT', BATCH),
      );
      if (found.length > 0) return true;
      cursor = next;
    } while (cursor !== '0');
  }
  return false;
}

/** Signs that mean something in a pattern mean themselves in a prefix. */
function literal(prefix: string): string {
  return prefix.replaceAll(/[*?[\]\\^-]/g, String.raw`\$&`);
}

function databaseOf(url: string, keys: CachedKeys): number {
  if (keys.kind === 'database') return keys.database;
  return URL.canParse(url) ? Number(new URL(url).pathname.slice(1)) || 0 : 0;
}

/** `db3:keys=5,expires=0,avg_ttl=0` of INFO keyspace. */
function databasesIn(info: string): { number: number; size: number }[] {
  return [...info.matchAll(/^db(\d+):keys=(\d+)/gm)].map(([, number, size]) => ({
    number: Number(number),
    size: Number(size),
  }));
}

/** A scan of one node of a cluster would leave the others as they are, and look complete. */
function requireOneNode(name: string, info: string): void {
  if (!/^cluster_enabled:1/m.test(info)) return;
  throw new BackoutError({
    code: 'E_CACHE_CLUSTER',
    kind: 'refused',
    message: `The cache ${name} is a Redis cluster, which cannot be emptied from here yet.`,
    remedy:
      'Empty it node by node: `redis-cli --cluster call HOST:PORT FLUSHALL` if nothing else is in it.',
  });
}

function describeKeys(keys: CachedKeys, home: number): string {
  switch (keys.kind) {
    case 'prefix':
      return `keys of database ${home} that start with ${JSON.stringify(keys.prefix)}`;
    case 'database':
      return `database ${keys.database}`;
    case 'server':
      return 'the whole server';
    default:
      return keys satisfies never;
  }
}
