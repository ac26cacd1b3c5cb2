import { afterAll, beforeAll } from 'vitest';
import { memoryJournal } from '../../src/adapters/memory/journal.ts';
import { memoryProofs } from '../../src/adapters/memory/proofs.ts';
import { postgresJournal } from '../../src/adapters/postgres/journal.ts';
import { postgresProofs } from '../../src/adapters/postgres/proofs.ts';
import { type MigratedDatabase, migratedDatabase } from '../adapters/postgres/support.ts';
import { proofsContract } from './proofs.contract.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

proofsContract('memory', async () => {
  const journal = memoryJournal();
  return { journal, proofs: memoryProofs(journal) };
});
proofsContract('Postgres', async () => {
  await database.empty();
  const { postgres } = database;
  return { journal: postgresJournal(postgres), proofs: postgresProofs(postgres) };
});
