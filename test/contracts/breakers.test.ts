import { afterAll, beforeAll } from 'vitest';
import { memoryBreakers } from '../../src/adapters/memory/breakers.ts';
import { redisBreakers } from '../../src/adapters/redis/breakers.ts';
import { connectRedis, type RedisConnection } from '../../src/adapters/redis/connection.ts';
import { redisKeys } from '../../src/adapters/redis/keys.ts';
import { formatEpoch } from '../../src/model/breaker.ts';
import { type TestRedis, testRedis } from '../support/services.ts';
import { breakersContract, countingIds } from './breakers.contract.ts';

breakersContract('memory', async () => {
  const breakers = memoryBreakers(countingIds());
  return {
    breakers,
    async heartbeat(instance) {
      breakers.heartbeat(instance);
    },
    async restartEmpty() {
      breakers.restartEmpty();
    },
    async [Symbol.asyncDispose]() {},
  };
});

let server: TestRedis;
let redis: RedisConnection;
let services = 0;

beforeAll(async () => {
  server = await testRedis();
  redis = connectRedis(server.url);
});
afterAll(async () => {
  redis.close();
  await server[Symbol.asyncDispose]();
});

breakersContract('Redis', async () => {
  services += 1;
  const scope = { service: `${server.name}-${services}`, environment: 'test' };
  const keys = redisKeys(scope);
  return {
    breakers: redisBreakers({ redis, scope, ids: countingIds() }),
    async heartbeat({ id, applied, heartbeat, release }) {
      const epoch = applied === undefined ? 'none' : formatEpoch(applied);
      await redis.client.hset(
        keys.instances,
        id,
        JSON.stringify({ epoch, at: heartbeat, release }),
      );
    },
    async restartEmpty() {
      await redis.client.flushdb();
    },
    async [Symbol.asyncDispose]() {},
  };
});
