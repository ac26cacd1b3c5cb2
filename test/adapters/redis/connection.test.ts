import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { callRedis, connectRedis } from '../../../src/adapters/redis/connection.ts';
import { failureOf } from '../../support/failure.ts';
import { testRedis } from '../../support/services.ts';

/** Any part of the password: a part of one is how a mistyped URL leaks it. */
const secret = /unter2|\bhun\b|\bter2/;

describe('the address of Redis', () => {
  test.each([
    'redis//:hunter2@h:1',
    'redis:/:hunter2@h:1',
    'redis:://:hunter2@h:1',
    'redi://:hunter2@h:1',
    'http://:hunter2@h:1',
    '//:hunter2@h:1',
    ':hunter2@h:1',
    '/hunter2',
    'hunter2',
    'redis://:hunter2/@h:1',
    'redis://hunter2/@h:1',
    'redis://:hun#ter2@h:1',
    'redis://h:1#hunter2',
    'redis://:hunter2%zz@h:1',
    'redis://:hunter2@h:99999',
    'redis://',
    ' redis://:hunter2@h:1',
    '',
  ])('is refused without being repeated: %j', async (url) => {
    const connect = async () => connectRedis(url);
    const error = await failureOf(connect());
    expect(error).toMatchObject({ code: 'E_REDIS_URL', kind: 'usage' });
    expect(error.remedy).toContain('redis://user:password@host:6379');
    expect(inspect(error) + JSON.stringify(error)).not.toMatch(secret);
  });

  test.each([
    'redis://127.0.0.1:1',
    'rediss://127.0.0.1:1/0',
    'REDIS://user:p%40ss%2Fword@127.0.0.1:1/15?family=4',
    'redis://:password@[::1]:1/',
  ])('is taken as it is: %s', async (url) => {
    await using redis = connectRedis(url);
    expect(redis.client.status).toBe('connecting');
  });
});

test('a password that Redis refuses is in no error', async () => {
  await using server = await testRedis();
  const errors: unknown[] = [];
  const url = server.url.replace('redis://', 'redis://nobody:hunter2@');
  await using redis = connectRedis(url, { onError: (error) => errors.push(error) });
  await expect.poll(() => errors.length).toBeGreaterThan(0);
  await using anonymous = connectRedis(server.url);
  const call = callRedis(anonymous, 2_000, (client) => client.auth('nobody', 'hunter2'));
  await expect(call).rejects.toThrow('Redis did not answer in time or refused');
  const shown = inspect([errors, await call.catch((error: unknown) => error)], { depth: 9 });
  expect(shown.match(/WRONGPASS/g)?.length).toBeGreaterThan(1);
  expect(shown).not.toMatch(secret);
  expect(redis.client.status).not.toBe('ready');
});
