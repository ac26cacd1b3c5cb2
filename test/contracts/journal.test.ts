import { afterAll, beforeAll } from 'vitest';
import { memoryJournal } from '../../src/adapters/memory/journal.ts';
import { postgresJournal } from '../../src/adapters/postgres/journal.ts';
import { type MigratedDatabase, migratedDatabase } from '../adapters/postgres/support.ts';
import { journalContract } from './journal.contract.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

journalContract('memory', async () => memoryJournal());
journalContract('Postgres', async () => {
  await database.empty();
  return postgresJournal(database.postgres);
});
