import { afterAll, beforeAll } from 'vitest';
import { memoryReleases } from '../../src/adapters/memory/releases.ts';
import { postgresReleases } from '../../src/adapters/postgres/releases.ts';
import { type MigratedDatabase, migratedDatabase } from '../adapters/postgres/support.ts';
import { releasesContract } from './releases.contract.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

releasesContract('memory', async () => memoryReleases());
releasesContract('Postgres', async () => {
  await database.empty();
  return postgresReleases(database.postgres);
});
