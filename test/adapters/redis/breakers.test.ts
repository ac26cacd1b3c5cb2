import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startRedis } from '../../../src/adapters/local/redis-server.ts';
import { redisBreakers } from '../../../src/adapters/redis/breakers.ts';
import { connectRedis, type RedisConnection } from '../../../src/adapters/redis/connection.ts';
import { redisKeys } from '../../../src/adapters/redis/keys.ts';
import { formatEpoch } from '../../../src/model/breaker.ts';
import { countingIds, tripRequest } from '../../contracts/breakers.contract.ts';
import { liftedOverride, safeOverride } from '../../contracts/flags.contract.ts';
import { testBinaries, type TestRedis, testRedis } from '../../support/services.ts';
import { hangUp, type Script, scriptedServer } from './scripted-server.ts';

describe('what is in Redis', () => {
  let server: TestRedis;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await testRedis();
    redis = connectRedis(server.url);
    if (redis.client.status !== 'ready') await once(redis.client, 'ready');
  });
  afterAll(async () => {
    redis.close();
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await redis.client.flushdb();
  });
  const scopeOf = () => ({ service: server.name, environment: 'test' });
  const open = () => redisBreakers({ redis, scope: scopeOf(), ids: countingIds() });

  test('has the documented keys, in one hash slot, without an end of life', async () => {
    await open().trip(tripRequest(['stripe'], { override: safeOverride(1) }));
    const prefix = `backout:{${server.name}:test}`;
    const keys = (await redis.client.keys('*')).toSorted();
    expect(keys).toEqual([`${prefix}:breakers`, `${prefix}:epoch`, `${prefix}:overrides`]);
    for (const key of keys) expect(await redis.client.ttl(key)).toBe(-1);
    expect(await redis.client.get(`${prefix}:epoch`)).toMatch(/^g\d+:1$/);
    const slots = await redis.client.hgetall(`${prefix}:overrides`);
    expect(JSON.parse(slots['inc1'] ?? '')).toMatchObject({ mode: 'safe', by: 'alarm' });
  });

  test('is announced: one message with the epoch for each change, none without one', async () => {
    await using listener = connectRedis(server.url);
    if (listener.client.status !== 'ready') await once(listener.client, 'ready');
    const messages: string[] = [];
    listener.client.on('message', (_channel: string, message: string) => messages.push(message));
    await listener.client.subscribe(redisKeys(scopeOf()).changes);
    const breakers = open();
    const first = await breakers.trip(tripRequest(['stripe', 'fcm', 'apns']));
    await breakers.trip(tripRequest(['stripe', 'fcm', 'apns']));
    const second = await breakers.announce(safeOverride(2));
    await expect.poll(() => messages).toEqual([formatEpoch(first), formatEpoch(second)]);
  });

  test('that cannot be read counts as open, and as everything safe', async () => {
    const keys = redisKeys(scopeOf());
    await redis.client.hset(keys.breakers, { stripe: 'garbage', fcm: '[]', apns: '{"state":"?"}' });
    await redis.client.hset(keys.overrides, { inc1: 'garbage', inc2: '{"mode":"lifted"}' });
    await redis.client.hset(keys.instances, { a: 'garbage', b: '{"epoch":7,"at":"yesterday"}' });
    await redis.client.set(keys.epoch, 'twelve');
    const { states, overrides, epoch } = await open().read();
    expect(epoch.counter).toBe(0);
    for (const provider of ['stripe', 'fcm', 'apns']) {
      expect(states[provider]).toMatchObject({ state: 'open' });
    }
    expect(overrides.map(({ mode }) => mode)).toEqual(['unreadable', 'unreadable']);
    for (const instance of await open().instances()) {
      expect(instance).toMatchObject({ applied: undefined, heartbeat: '' });
    }
  });

  test('and cannot be read is replaced by what is decided next', async () => {
    const keys = redisKeys(scopeOf());
    await redis.client.hset(keys.breakers, 'stripe', 'garbage');
    await redis.client.hset(keys.overrides, { inc1: 'garbage', inc2: '7' });
    const breakers = open();
    const narrow = safeOverride(1, { groups: ['limits'] });
    await breakers.trip(tripRequest(['stripe'], { override: narrow }));
    await breakers.announce(liftedOverride(2, { incident: 'inc2' }));
    const { states, overrides } = await breakers.read();
    expect(states['stripe']).toMatchObject({ state: 'open', incident: 'inc1' });
    // Without groups: nobody knows what the one that could not be read covered.
    expect(overrides).toContainEqual(safeOverride(1));
    expect(overrides).toContainEqual(liftedOverride(2, { incident: 'inc2' }));
  });

  test.each(['a:b', '{x}', 'a*', '', 'a b'])('cannot be of a service called %j', (service) => {
    expect(() =>
      redisBreakers({ redis, scope: { ...scopeOf(), service }, ids: countingIds() }),
    ).toThrow(expect.objectContaining({ code: 'E_NAME' }));
  });
});

const EPOCH = '$4\r\ng1:1\r\n';

/** This answer to the first commands, an epoch to all others. */
function atFirst(commands: number, answer: string): Script {
  return (_name, count) => (count <= commands ? answer : EPOCH);
}

describe('when Redis does not do what it should', () => {
  const scope = { service: 'shop', environment: 'test' };

  async function tripOn(url: string, capMs: number) {
    await using redis = connectRedis(url);
    const breakers = redisBreakers({ redis, scope, ids: countingIds(), capMs });
    const started = performance.now();
    const outcome = await breakers.trip(tripRequest(['stripe'])).catch((error: unknown) => error);
    return { outcome, ms: performance.now() - started };
  }

  test('nobody listens: the call ends at its cap, and says that nothing was sent', async () => {
    const gone = await scriptedServer(() => undefined);
    await gone[Symbol.asyncDispose]();
    const { outcome, ms } = await tripOn(gone.url, 300);
    expect(outcome).toMatchObject({
      code: 'E_BREAKERS_UNREACHABLE',
      kind: 'failed',
      retryable: true,
      cause: expect.objectContaining({ code: 'ECONNREFUSED' }) as unknown,
    });
    expect(ms).toBeLessThan(600);
  });

  test('it accepts and never answers: the call ends at its cap', async () => {
    await using server = await scriptedServer(() => undefined);
    const { outcome, ms } = await tripOn(server.url, 300);
    expect(outcome).toMatchObject({ code: 'E_BREAKERS_UNREACHABLE', kind: 'uncertain' });
    expect(ms).toBeLessThan(600);
  });

  test('the default cap is one second', async () => {
    await using server = await scriptedServer(() => undefined);
    await using redis = connectRedis(server.url);
    const started = performance.now();
    const reading = redisBreakers({ redis, scope, ids: countingIds() }).read();
    await expect(reading).rejects.toMatchObject({ kind: 'failed' });
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(performance.now() - started).toBeLessThan(1_400);
  });

  test.each(['BUSY script', 'LOADING data', 'MOVED 1 127.0.0.1:1', 'TRYAGAIN', 'CLUSTERDOWN'])(
    'it answers %s for a while: the call is repeated',
    async (answer) => {
      await using server = await scriptedServer(atFirst(3, `-${answer}\r\n`));
      const { outcome } = await tripOn(server.url, 1_000);
      expect(outcome).toEqual({ generation: 'g1', counter: 1 });
      expect(server.commands).toEqual(['EVAL', 'EVAL', 'EVAL', 'EVAL']);
    },
  );

  test('it is a replica after a failover: we connect again', async () => {
    await using server = await scriptedServer(atFirst(2, '-READONLY replica\r\n'));
    const { outcome } = await tripOn(server.url, 1_000);
    expect(outcome).toEqual({ generation: 'g1', counter: 1 });
  });

  test('the connection breaks in the middle: the call is repeated', async () => {
    await using server = await scriptedServer(atFirst(1, hangUp));
    const { outcome } = await tripOn(server.url, 1_000);
    expect(outcome).toEqual({ generation: 'g1', counter: 1 });
  });

  test('it answers BUSY for ever: the call ends at its cap', async () => {
    await using server = await scriptedServer(() => '-BUSY script\r\n');
    const { outcome, ms } = await tripOn(server.url, 300);
    expect(outcome).toMatchObject({ code: 'E_BREAKERS_UNREACHABLE' });
    expect(ms).toBeLessThan(600);
    // With pauses in between, and not as fast as it can.
    expect(server.commands.length).toBeLessThan(60);
  });

  test('it refuses for good: the call is not repeated', async () => {
    await using server = await scriptedServer(() => '-NOPERM no access to EVAL\r\n');
    const { outcome } = await tripOn(server.url, 1_000);
    expect(outcome).toMatchObject({
      code: 'E_BREAKERS_UNREACHABLE',
      cause: expect.objectContaining({
        message: expect.stringContaining('NOPERM') as unknown,
      }) as unknown,
    });
    expect(server.commands).toEqual(['EVAL']);
  });

  test('it answers nonsense: that is neither success nor failure', async () => {
    await using server = await scriptedServer(() => '$5\r\nhello\r\n');
    const { outcome } = await tripOn(server.url, 1_000);
    expect(outcome).toMatchObject({ code: 'E_BREAKERS_ANSWER', kind: 'uncertain' });
  });

  test('a trip is one round trip', async () => {
    await using server = await scriptedServer(() => EPOCH);
    await tripOn(server.url, 1_000);
    expect(server.commands).toEqual(['EVAL']);
  });
});

test('a Redis that stops and continues, or is started again empty, is used again', async () => {
  const { redis: binaries } = await testBinaries();
  await using server = await startRedis({ binaries });
  await using redis = connectRedis(server.url);
  const scope = { service: 'shop', environment: 'test' };
  const breakers = redisBreakers({ redis, scope, ids: countingIds(), capMs: 500 });
  const before = await breakers.trip(tripRequest(['stripe']));
  process.kill(server.pid, 'SIGSTOP');
  try {
    await expect(breakers.read()).rejects.toMatchObject({ code: 'E_BREAKERS_UNREACHABLE' });
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  await expect.poll(() => breakers.read()).toMatchObject({ epoch: before });
  await redis.client.flushall();
  const after = await breakers.read();
  expect(after.states).toEqual({});
  expect(after.epoch.generation).not.toBe(before.generation);
});
