import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTraffic } from '../../examples/storefront/traffic.ts';
import { openFileFlags } from '../../src/adapters/file/flags.ts';
import { randomIds } from '../../src/adapters/random-ids.ts';
import { redisBreakers } from '../../src/adapters/redis/breakers.ts';
import { type RedisConnection, connectRedis } from '../../src/adapters/redis/connection.ts';
import { formatEpoch } from '../../src/model/breaker.ts';
import type { SafeOverride } from '../../src/model/flags.ts';
import { type TestRedis, testRedis } from '../support/services.ts';
import { until } from '../support/until.ts';
import { type Shop, type Workshop, openShop, openWorkshop } from './support.ts';

const PROVIDERS = ['stripe', 'square', 'twilio_sms', 'fcm', 'apns'];

let redis: TestRedis;
let connection: RedisConnection;
let workshop: Workshop;
let shop: Shop;

beforeAll(async () => {
  redis = await testRedis();
  connection = connectRedis(redis.url);
  workshop = await openWorkshop();
  shop = await openShop(workshop, { redisUrl: redis.url, service: redis.name });
  const safe = {
    community_enabled: false,
    notifications_enabled: false,
    personalization_enabled: false,
    rate_limiting_enabled: true,
  };
  const base = {
    community_enabled: true,
    notifications_enabled: true,
    personalization_enabled: true,
    rate_limiting_enabled: false,
  };
  await flags().publish('features', base, safe);
  await shop.deploy('v1.1.0');
});

afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await workshop[Symbol.asyncDispose]();
  connection.close();
  await redis[Symbol.asyncDispose]();
});

function scope() {
  return { service: redis.name, environment: 'local' };
}

function flags() {
  return openFileFlags({ directory: shop.flagsDirectory, scope: scope() });
}

function breakers() {
  return redisBreakers({ redis: connection, scope: scope(), ids: randomIds });
}

describe('the storefront under Backout', () => {
  test('works in full while nothing is wrong', async () => {
    const profile = await shop.get('/profile');
    expect(profile).toMatchObject({ release: 'v1.1.0', body: { personalized: true } });
    const payment = await shop.post('/payments/validate', {});
    expect(payment.body).toMatchObject({ validated: true, provider: 'stripe' });
  });

  test('acknowledges the safe state in the answers of its request path, without an error', async () => {
    await using traffic = startTraffic({ url: shop.supervisor.url });
    await traffic.firstResponseWith(({ ok }) => ok);
    const at = new Date().toISOString();
    const incident = 'inc-1';
    const reason = 'a test';
    const override: SafeOverride = {
      mode: 'safe',
      incident,
      since: at,
      by: 'ada',
      rule: 'manual',
      reason,
    };
    const from = Date.now();
    await flags().engage(override);
    const epoch = await breakers().trip({
      providers: PROVIDERS,
      by: 'ada',
      reason,
      incident,
      at,
      override,
    });
    const wanted = formatEpoch(epoch);
    const acknowledged = await traffic.firstResponseWith((answer) => answer.epoch === wanted);
    expect(acknowledged.at + acknowledged.ms - from).toBeLessThan(1000);

    const profile = await shop.get('/profile');
    expect(profile).toMatchObject({ epoch: wanted, release: 'v1.1.0' });
    expect(profile.body).toMatchObject({ personalized: false, community: false });
    const payment = await shop.post('/payments/validate', {});
    expect(payment).toMatchObject({ status: 200, body: { validated: false, deferred: true } });
    expect((await shop.get('/health')).body).toMatchObject({ status: 'ok', safe_state: true });
    await traffic.stop();
    expect(traffic.since(0).errors).toBe(0);
  });

  test('stays in the safe state when a release is rolled back', async () => {
    expect(await shop.deploy('v1.0.0', 2)).toMatchObject({ code: 0 });
    // The first answer of the new process already knows: it starts serving only when it does.
    const payment = await shop.post('/payments/validate', {});
    expect(payment).toMatchObject({ release: 'v1.0.0', body: { deferred: true } });
    expect((await shop.get('/profile')).body).toMatchObject({ personalized: false });
  });

  test('names the processes that run, and only those', async () => {
    const pid = shop.deployments().at(-1)?.pid;
    await until('one instance', async () => (await breakers().instances()).length === 1);
    const [instance] = await breakers().instances();
    expect(instance).toMatchObject({ id: `storefront-${pid}`, release: 'v1.0.0' });
  });

  test('uses a provider again whose breaker is closed, and flags that are lifted', async () => {
    const { epoch } = await breakers().read();
    const at = new Date().toISOString();
    const lift = {
      mode: 'lifted',
      incident: 'inc-1',
      since: at,
      by: 'ada',
      reason: 'over',
    } as const;
    await breakers().set('square', { state: 'closed', since: at, by: 'ada' }, epoch);
    await flags().lift(lift);
    const wanted = formatEpoch(await breakers().announce(lift));
    await until('the service to follow', async () => (await shop.get('/health')).epoch === wanted);
    const payment = await shop.post('/payments/validate', {});
    expect(payment.body).toMatchObject({ validated: true, provider: 'square' });
    expect((await shop.get('/profile')).body).toMatchObject({ personalized: true });
  });
});
