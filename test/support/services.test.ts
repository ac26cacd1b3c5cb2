import { Redis } from 'ioredis';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { testDatabase, testRedis } from './services.ts';

async function sql(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

test('two test databases do not see each other, and are gone after use', async () => {
  await using first = await testDatabase();
  const second = await testDatabase();
  await sql(first.url, 'CREATE TABLE note AS SELECT 1 AS n');
  expect(await sql(second.url, "SELECT to_regclass('note') AS found")).toEqual([{ found: null }]);
  await second[Symbol.asyncDispose]();
  await expect(sql(second.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
});

test('a test database is dropped although somebody is still connected', async () => {
  const database = await testDatabase();
  const client = new Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
  await database[Symbol.asyncDispose]();
  await expect(sql(database.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
  await client.end();
});

test('two test Redis databases do not see each other, and are empty and free again after use', async () => {
  await using first = await testRedis();
  const second = await testRedis();
  expect(second.database).not.toBe(first.database);
  expect(second.name).not.toBe(first.name);
  const clients = [new Redis(first.url), new Redis(second.url)] as const;
  try {
    await clients[1].set('key', 'value');
    expect(await clients[0].get('key')).toBeNull();
    await second[Symbol.asyncDispose]();
    expect(await clients[1].dbsize()).toBe(0);
  } finally {
    for (const client of clients) client.disconnect();
  }
});
