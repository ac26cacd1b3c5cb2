import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectPostgres } from '../../../src/adapters/postgres/connection.ts';
import { postgresReleases } from '../../../src/adapters/postgres/releases.ts';
import { type MigratedDatabase, faultyProxy, migratedDatabase } from './support.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() => database.empty());

const scope = { service: 'storefront', environment: 'production' };
const release = { tag: 'v1.0.0', commit: 'a'.repeat(40), at: '2026-11-23T06:00:00.000Z' };

test('the recorded commit of a release cannot be changed in the database', async () => {
  await postgresReleases(database.postgres).record(scope, release);

  await expect(
    database.postgres.pool.query(`update backout.release set commit = 'b'`),
  ).rejects.toThrow(/was recorded as commit a{40}/);
});

test('a hold is there whole or not at all', async () => {
  await postgresReleases(database.postgres).record(scope, release);

  await expect(
    database.postgres.pool.query(`update backout.release set hold_reason = 'why'`),
  ).rejects.toThrow(/check constraint/);
});

test('a connection that breaks after the commit leaves one record', async () => {
  await using proxy = await faultyProxy(database.url);
  await using shaky = connectPostgres(proxy.url, { applicationName: 'backout test' });
  proxy.cutNextCommit('after');

  await postgresReleases(shaky).record(scope, release);

  expect(proxy.cuts()).toBe(1);
  expect(await postgresReleases(database.postgres).list(scope)).toHaveLength(1);
});

test('unreachable records say so', async () => {
  await using nobody = connectPostgres('postgres://127.0.0.1:1/backout', {
    applicationName: 'backout test',
  });
  await expect(postgresReleases(nobody).list(scope)).rejects.toMatchObject({
    code: 'E_RELEASES_UNREACHABLE',
    kind: 'failed',
    retryable: true,
  });
});
