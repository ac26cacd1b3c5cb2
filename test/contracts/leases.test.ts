import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { memoryLeases } from '../../src/adapters/memory/leases.ts';
import { postgresLeases } from '../../src/adapters/postgres/leases.ts';
import { type MigratedDatabase, migratedDatabase } from '../adapters/postgres/support.ts';
import { leasesContract } from './leases.contract.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

leasesContract('memory', async () => {
  let now = Date.UTC(2026, 10, 23, 6);
  const clock = { now: () => now, sleep: async () => {} };
  return {
    leases: memoryLeases(clock),
    pass: async (ms) => {
      now += ms;
    },
  };
});

leasesContract('Postgres', async () => {
  await database.empty();
  // The database's clock is the real one: here time must really pass.
  return { leases: postgresLeases(database.postgres), pass: (ms) => sleep(ms) };
});
