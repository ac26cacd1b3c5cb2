import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectPostgres } from '../../../src/adapters/postgres/connection.ts';
import { postgresLeases } from '../../../src/adapters/postgres/leases.ts';
import { type MigratedDatabase, faultyProxy, migratedDatabase } from './support.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() => database.empty());

const request = {
  resources: ['storefront/production/target:web'],
  holder: 'ada@laptop (pid 4711)',
  incident: 'inc00001',
  ttlMs: 60_000,
};

test.each<[string, string, RegExp]>([
  ['lowered', 'update backout.lease set fence = fence - 1', /would not grow/],
  ['kept for another holder', `update backout.lease set holder = 'grace'`, /would not grow/],
  ['kept for another incident', `update backout.lease set incident = 'x'`, /would not grow/],
  ['moved to another resource', `update backout.lease set resource = 'x'`, /would not grow/],
  ['forgotten with its row', 'delete from backout.lease', /append-only/],
  ['forgotten with all rows', 'truncate backout.lease', /append-only/],
])('the fence of a lease cannot be %s, also not by its owner', async (_what, sql, problem) => {
  const [taken] = await postgresLeases(database.postgres).acquire(request);

  await expect(database.postgres.pool.query(sql)).rejects.toThrow(problem);

  expect(await postgresLeases(database.postgres).inspect(request.resources)).toEqual([taken]);
});

test.each<['before' | 'after']>([['before'], ['after']])(
  'a connection that breaks just %s the commit leaves one lease with one fence',
  async (when) => {
    await using proxy = await faultyProxy(database.url);
    await using shaky = connectPostgres(proxy.url, { applicationName: 'backout test' });
    proxy.cutNextCommit(when);

    const taken = await postgresLeases(shaky).acquire(request);

    expect(proxy.cuts()).toBe(1);
    expect(taken).toMatchObject([{ fence: 1, holder: request.holder }]);
    expect(await postgresLeases(database.postgres).inspect(request.resources)).toMatchObject(
      taken.map(({ fence, holder }) => ({ fence, holder })),
    );
  },
);

test('when nobody can tell whether it was taken, the error says so and how to find out', async () => {
  await using proxy = await faultyProxy(database.url);
  await using shaky = connectPostgres(proxy.url, { applicationName: 'backout test' });
  proxy.cutNextCommit('after', 'and refuse');

  await expect(postgresLeases(shaky).acquire(request)).rejects.toMatchObject({
    code: 'E_LEASES_UNREACHABLE',
    kind: 'uncertain',
    retryable: true,
    state: expect.stringContaining('Nobody can tell') as unknown,
  });
});

test('expiry is judged by the clock of the database, not by ours', async () => {
  const leases = postgresLeases(database.postgres);
  const { rows } = await database.postgres.pool.query<{ now: Date }>(
    'select clock_timestamp() as now',
  );
  const [taken] = await leases.acquire(request);
  const left = Date.parse(taken?.expiresAt ?? '') - (rows[0]?.now.getTime() ?? 0);

  expect(left).toBeGreaterThanOrEqual(60_000 - 1);
  expect(left).toBeLessThan(62_000);
});

test('an unreachable store of leases says so', async () => {
  await using nobody = connectPostgres('postgres://127.0.0.1:1/backout', {
    applicationName: 'backout test',
  });
  await expect(postgresLeases(nobody).acquire(request)).rejects.toMatchObject({
    code: 'E_LEASES_UNREACHABLE',
    kind: 'failed',
    retryable: true,
  });
});
