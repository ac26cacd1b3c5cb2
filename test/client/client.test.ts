import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BackoutClient,
  type CommonOptions,
  connectBackout,
  type FileOptions,
} from '../../client/index.ts';
import { openFileFlags } from '../../src/adapters/file/flags.ts';
import { startRedis } from '../../src/adapters/local/redis-server.ts';
import { redisBreakers } from '../../src/adapters/redis/breakers.ts';
import { connectRedis } from '../../src/adapters/redis/connection.ts';
import { redisKeys } from '../../src/adapters/redis/keys.ts';
import { formatEpoch } from '../../src/model/breaker.ts';
import type { BackoutError } from '../../src/model/error.ts';
import { isProven, proveFlags } from '../../src/model/instance.ts';
import { countingIds, tripRequest } from '../contracts/breakers.contract.ts';
import { liftedOverride, publishSample, safeOverride } from '../contracts/flags.contract.ts';
import { testBinaries, type TestRedis, testRedis } from '../support/services.ts';

const program = fileURLToPath(new URL('./programs/follow.ts', import.meta.url));
let server: TestRedis;
let directory: string;
let problems: BackoutError[];
let service: string;
let services = 0;

beforeAll(async () => {
  server = await testRedis();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'backout-client-'));
  problems = [];
  services += 1;
  service = `${server.name}-${services}`;
});
afterEach(() => rm(directory, { recursive: true }));

const scope = () => ({ service, environment: 'test' });
const flags = () => openFileFlags({ directory, scope: scope() });

function connect(more: Partial<CommonOptions & FileOptions> = {}): Promise<BackoutClient> {
  return connectBackout({
    ...scope(),
    flagsDirectory: directory,
    instance: 'api-1',
    pollMs: 50,
    heartbeatMs: 50,
    onProblem: (problem) => problems.push(problem),
    ...more,
  });
}

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** Breakers on their own connection to `url`. */
function operate(url: string = server.url) {
  const redis = connectRedis(url);
  return {
    client: redis.client,
    breakers: redisBreakers({ redis, scope: scope(), ids: countingIds() }),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

/** A server that accepts connections and never says a word. */
async function silentServer(): Promise<{ url: string } & AsyncDisposable> {
  const sockets = new Set<{ destroy(): unknown }>();
  const listening: Server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listening.close();
      await once(listening, 'close');
    },
  };
}

test.each(['redis//:hunter2@h:1', 'hunter2', 'redis://hunter2/@h:1'])(
  'a mistyped address of Redis (%s) is told without its password, and flags come from the files',
  async (redisUrl) => {
    await publishSample(flags());
    await flags().engage(safeOverride(1));
    await using client = await connect({ redisUrl });
    expect(client.snapshot().flag('posts', true)).toBe(false);
    expect(client.snapshot().describe()).toBe('none');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ cause: { code: 'E_REDIS_URL' } });
    expect(inspect(problems, { depth: 9 }) + JSON.stringify(problems)).not.toContain('hunter');
  },
);

describe('an application in a process of its own', () => {
  test('uses and acknowledges safe state within a second of the trip, and leaves when it ends', async () => {
    await publishSample(flags());
    await using operator = operate();
    const child = spawn(process.execPath, [program, directory, server.url, service, 'api-1'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const seen: { line: unknown; at: number }[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      seen.push({ line: JSON.parse(line), at: performance.now() });
    });
    await expect.poll(() => operator.breakers.instances(), { timeout: 10_000 }).toHaveLength(1);
    await expect.poll(() => seen.at(-1)?.line).toMatchObject({ posts: true, stripe: true });

    const tripped = performance.now();
    const override = safeOverride(1);
    const [, epoch] = await Promise.all([
      flags().engage(override),
      operator.breakers.trip(tripRequest(['stripe'], { override })),
    ]);
    await expect
      .poll(
        async () => {
          const instances = await operator.breakers.instances();
          return isProven(proveFlags(epoch, instances, Date.now(), 10_000));
        },
        { interval: 5 },
      )
      .toBe(true);
    const acknowledgedMs = performance.now() - tripped;
    await expect
      .poll(() => seen.at(-1)?.line)
      .toEqual({ epoch: formatEpoch(epoch), posts: false, stripe: false, safeState: true });
    const usedMs = (seen.at(-1)?.at ?? Infinity) - tripped;
    expect(acknowledgedMs).toBeLessThan(1_000);
    expect(usedMs).toBeLessThan(1_000);
    expect(await operator.breakers.instances()).toMatchObject([{ release: 'v1.2.0' }]);

    child.stdin.end();
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(await operator.breakers.instances()).toEqual([]);
  });
});

describe('the client with Redis', () => {
  test('notices a change without a message, by looking', async () => {
    await publishSample(flags());
    await using operator = operate();
    await using client = await connect({ redisUrl: server.url });
    await operator.breakers.read(); // waits for the connection
    const keys = redisKeys(scope());
    await operator.client.hset(keys.breakers, 'stripe', '{"state":"open"}');
    await operator.client.set(keys.epoch, 'g9:4');
    await expect.poll(() => client.snapshot().describe()).toBe('g9:4');
    expect(client.snapshot().allows('stripe')).toBe(false);
  });

  test('notices a message long before it would look', async () => {
    await using operator = operate();
    await using client = await connect({ redisUrl: server.url, pollMs: 60_000 });
    const epoch = await operator.breakers.trip(tripRequest(['stripe']));
    await expect.poll(() => client.snapshot().epoch).toEqual(epoch);
  });

  test('acknowledges what requests use, and goes on beating', async () => {
    await using operator = operate();
    await using _client = await connect({ redisUrl: server.url });
    await expect.poll(() => operator.breakers.instances()).toHaveLength(1);
    const [first] = await operator.breakers.instances();
    await expect
      .poll(async () => (await operator.breakers.instances())[0]?.heartbeat)
      .not.toBe(first?.heartbeat);
  });

  test('keeps one snapshot the same while the world changes', async () => {
    await publishSample(flags());
    await using operator = operate();
    await using client = await connect({ redisUrl: server.url });
    const taken = client.snapshot();
    await operator.breakers.trip(tripRequest(['stripe'], { override: safeOverride(1) }));
    await expect.poll(() => client.snapshot().safeState).toBe(true);
    expect(taken).toMatchObject({ safeState: false });
    expect([taken.flag('posts', false), taken.allows('stripe')]).toEqual([true, true]);
    expect(Object.isFrozen(taken)).toBe(true);
  });

  test('does what recovery says: a sample, closed, lifted', async () => {
    await publishSample(flags());
    await using operator = operate();
    await using client = await connect({ redisUrl: server.url });
    await flags().engage(safeOverride(1));
    let epoch = await operator.breakers.trip(
      tripRequest(['stripe'], { override: safeOverride(1) }),
    );
    const sampling = { state: 'half-open', since: safeOverride(2).since, by: 'r', sample: 0.2 };
    epoch = await operator.breakers.set('stripe', { ...sampling, state: 'half-open' }, epoch);
    await expect.poll(() => client.snapshot().breaker('stripe').state).toBe('half-open');
    const allowed = (random: number) => client.snapshot().allows('stripe', () => random);
    expect([allowed(0.1), allowed(0.3)]).toEqual([true, false]);
    const closed = { state: 'closed', since: safeOverride(3).since, by: 'r' } as const;
    await operator.breakers.set('stripe', closed, epoch);
    await flags().lift(liftedOverride(4));
    await operator.breakers.announce(liftedOverride(4));
    await expect.poll(() => client.snapshot().safeState).toBe(false);
    expect(client.snapshot().allows('stripe')).toBe(true);
    expect(client.snapshot().flag('posts', false)).toBe(true);
  });

  test('forgets instances that were killed more than a day ago', async () => {
    await using operator = operate();
    await operator.breakers.read(); // waits for the connection
    const keys = redisKeys(scope());
    await operator.client.hset(keys.instances, {
      dead: JSON.stringify({ epoch: 'g1:1', at: ago(25 * 3_600_000) }),
      silent: JSON.stringify({ epoch: 'g1:1', at: ago(3_600_000) }),
    });
    await using _client = await connect({ redisUrl: server.url });
    await expect
      .poll(async () => (await operator.breakers.instances()).map(({ id }) => id).toSorted())
      .toEqual(['api-1', 'silent']);
  });
});

describe('the client when things are broken', () => {
  test('starts without Redis, on the files alone', async () => {
    await publishSample(flags());
    await flags().engage(safeOverride(1));
    await using client = await connect({ redisUrl: 'redis://127.0.0.1:1' });
    expect(client.snapshot().safeState).toBe(true);
    expect(client.snapshot().describe()).toBe('none');
    expect(client.snapshot().allows('stripe')).toBe(true);
    await expect.poll(() => problems.map(({ message }) => message).join()).toContain('Redis');
    await flags().lift(liftedOverride(2));
    await expect.poll(() => client.snapshot().safeState).toBe(false);
  });

  test('starts within two seconds although Redis accepts and says nothing', async () => {
    await publishSample(flags());
    await using silent = await silentServer();
    const started = performance.now();
    await using client = await connect({ redisUrl: silent.url });
    expect(performance.now() - started).toBeLessThan(2_000);
    await expect.poll(() => client.snapshot().flag('posts', false)).toBe(true);
  });

  test('keeps breakers open through an outage and an empty restart of Redis', async () => {
    const { redis: binaries } = await testBinaries();
    const redis = await startRedis({ binaries });
    await publishSample(flags());
    try {
      await using client = await connect({ redisUrl: redis.url });
      {
        await using operator = operate(redis.url);
        await operator.breakers.trip(tripRequest(['stripe'], { override: safeOverride(1) }));
        await expect.poll(() => client.snapshot().allows('stripe')).toBe(false);
        process.kill(redis.pid, 'SIGSTOP');
        await flags().engage(safeOverride(1, { incident: 'inc2', groups: ['limits'] }));
        await expect.poll(() => problems.length, { timeout: 5_000 }).toBeGreaterThan(0);
        process.kill(redis.pid, 'SIGCONT');
        // Emptied while nobody looked, as a restart without persistence.
        await expect.poll(() => operator.breakers.read()).toBeDefined();
        await operator.client.flushall();
        const { epoch } = await operator.breakers.read();
        await expect.poll(() => client.snapshot().epoch).toEqual(epoch);
      }
      await redis.stop();
      await expect.poll(() => problems.some(({ message }) => message.includes('ECONN'))).toBe(true);
      expect(client.snapshot().allows('stripe')).toBe(false);
      expect(client.snapshot().flag('posts', true)).toBe(false);
    } finally {
      await redis.stop();
    }
  });

  test('keeps what it knew when the files go away or are damaged', async () => {
    await publishSample(flags());
    await flags().engage(safeOverride(1));
    await using client = await connect();
    expect(client.snapshot().flag('posts', true)).toBe(false);
    const root = join(directory, service, 'test');
    await writeFile(join(root, 'safe', 'community.json'), 'oops');
    await rename(join(root, 'overrides'), join(root, 'elsewhere'));
    await expect.poll(() => problems.map(({ message }) => message).join()).toContain('safe/comm');
    expect(client.snapshot().flag('posts', true)).toBe(false);
    expect(client.snapshot().safeState).toBe(true);
  });

  test('tells one problem once, and survives an application that cannot hear it', async () => {
    let calls = 0;
    await using client = await connect({
      redisUrl: 'redis://127.0.0.1:1',
      onProblem: () => {
        calls += 1;
        throw new Error('the log is full');
      },
    });
    await publishSample(flags());
    await expect.poll(() => client.snapshot().flag('perDay', 0)).toBe(50);
    expect(client.snapshot().flag('perDay', false)).toBe(false);
    const before = calls;
    for (let request = 0; request < 100; request += 1) client.snapshot().flag('perDay', false);
    expect(calls).toBe(before);
  });

  test('says what is wrong with a name that cannot be one', async () => {
    await expect(connect({ service: 'a/b' })).rejects.toMatchObject({ code: 'E_NAME' });
    await expect(connect({ instance: 'a b' })).rejects.toMatchObject({ code: 'E_NAME' });
  });

  test('can be closed twice, and its last snapshot stays usable', async () => {
    await publishSample(flags());
    const client = await connect({ redisUrl: server.url });
    await client.close();
    await client.close();
    expect(client.snapshot().flag('posts', false)).toBe(true);
  });
});

test('the client brings nothing along but Node and ioredis', async () => {
  // Loading it in a process that may read our sources and ioredis, but not zod or pg.
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const modules = await readdir(join(root, 'node_modules'));
  expect(modules).toContain('zod');
  const code = `
    const { registerHooks } = await import('node:module');
    registerHooks({ resolve(specifier, context, next) {
      const bare = !/^(\\.|node:|file:|\\/)/.test(specifier);
      if (bare && context.parentURL?.includes('/node_modules/') === false) console.log(specifier);
      return next(specifier, context);
    } });
    await import(${JSON.stringify(new URL('../../client/index.ts', import.meta.url).href)});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const imported = new Set<string>();
  createInterface({ input: child.stdout }).on('line', (line) => imported.add(line));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect([...imported]).toEqual(['ioredis']);
});
