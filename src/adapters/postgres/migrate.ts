import * as z from 'zod';
import { BackoutError, describeCause } from '../../model/error.ts';
import type { Postgres } from './connection.ts';
import { requireKnownSchema, requireUtf8, schemaBusy } from './migration-rules.ts';
import { migrations as allMigrations } from './migrations/list.ts';
import { type Migration, checksumOf } from './migrations/migration.ts';
import { checkWriter } from './sql/check-writer.sql.ts';
import { createMigrationTable } from './sql/create-migration-table.sql.ts';
import { findSchema } from './sql/find-schema.sql.ts';
import { grantWriter } from './sql/grant-writer.sql.ts';
import { listMigrations } from './sql/list-migrations.sql.ts';
import { lockSchema } from './sql/lock-schema.sql.ts';
import { recordMigration } from './sql/record-migration.sql.ts';
import { type Run, type TransactionCaps, ask, transact } from './transaction.ts';
import { type Store, attemptTwice, codeOf, inWordsOf } from './unreachable.ts';

/** What a run of the migrations did. */
export interface MigrationReport {
  /** Names of the steps applied by this run; empty when the schema was up to date. */
  applied: string[];
  /** Whether the role `backout_writer` (journal: add and read only) is there; if not, why. */
  writerRole: { ready: true } | { ready: false; why: string };
}

export interface MigrateOptions {
  /** How long to wait for another process that migrates; default 15 s. */
  lockMs?: number;
  /** Longest single step; default 60 s. */
  statementMs?: number;
  /** For tests; default: all. */
  migrations?: readonly Migration[];
}

const store: Store = {
  code: 'E_JOURNAL_UNREACHABLE',
  name: "The journal's database",
  uncertain:
    'Nobody can tell whether the last step of the schema was stored. Running it again is safe.',
};

/**
 * Brings the schema up to date; forward only. Any number of processes may do it at once. When there
 * is nothing to do it only reads, so a role without the right to create tables can call it too.
 *
 * @throws BackoutError E_SCHEMA_CHANGED, E_SCHEMA_NEWER, E_SCHEMA_ENCODING (refused),
 *   E_SCHEMA_BUSY and E_JOURNAL_UNREACHABLE
 */
export function migrate(
  postgres: Postgres,
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const migrations = options.migrations ?? allMigrations;
  const caps = { lockMs: options.lockMs ?? 15_000, statementMs: options.statementMs ?? 60_000 };
  return inWordsOf(store, postgres.address, async () => {
    const applied: string[] = [];
    for (;;) {
      const state = await readState((sql, values, row) => ask(postgres, sql, values, row));
      if (requireKnownSchema(migrations, state.steps, checksumOf).length === 0) {
        return { applied, writerRole: await provideWriter(postgres, state, caps) };
      }
      const name = await underLock(postgres, caps, (run) => applyNext(run, migrations));
      if (name !== undefined) applied.push(name);
    }
  });
}

/** @returns undefined when somebody else was faster and there was nothing left to do */
async function applyNext(run: Run, migrations: readonly Migration[]): Promise<string | undefined> {
  await run(createMigrationTable, [], z.unknown());
  const { steps } = await readState(run);
  const [next] = requireKnownSchema(migrations, steps, checksumOf);
  if (next === undefined) return undefined;
  await run(next.sql, [], z.unknown());
  const { number, name, additive } = next;
  await run(recordMigration, [number, name, additive, checksumOf(next)], z.unknown());
  return name;
}

/** The role is a second wall behind the triggers: not having it is said, and stops nothing. */
async function provideWriter(
  postgres: Postgres,
  state: SchemaState,
  caps: TransactionCaps,
): Promise<MigrationReport['writerRole']> {
  if (state.writerReady) return { ready: true };
  if (!state.mayCreateRoles) {
    return {
      ready: false,
      why: 'the connecting database role may not create roles; the triggers alone keep the journal append-only',
    };
  }
  try {
    await underLock(postgres, caps, (run) => run(grantWriter, [], z.unknown()));
    return { ready: true };
  } catch (error) {
    // 42501: we may create roles, but the tables belong to somebody else.
    if (codeOf(error) !== '42501') throw error;
    return { ready: false, why: describeCause(error) };
  }
}

async function underLock<T>(
  postgres: Postgres,
  caps: TransactionCaps,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  try {
    return await attemptTwice(() =>
      transact(
        postgres,
        async (run) => {
          await run(lockSchema, [], z.unknown());
          return work(run);
        },
        caps,
      ),
    );
  } catch (error) {
    // 55P03: lock not available.
    if (codeOf(error) === '55P03') throw schemaBusy(caps.lockMs, error);
    throw error;
  }
}

interface SchemaState {
  steps: z.infer<typeof stepRow>[];
  writerReady: boolean;
  mayCreateRoles: boolean;
}

async function readState(run: Run): Promise<SchemaState> {
  const [found] = await run(findSchema, [], schemaRow);
  if (found === undefined) throw new BackoutError(noAnswer);
  requireUtf8(found.encoding);
  const steps = found.migrated ? await run(listMigrations, [], stepRow) : [];
  const askWriter = steps.length > 0 && found.writer_exists;
  const [writer] = askWriter ? await run(checkWriter, [], writerRow) : [];
  return {
    steps,
    writerReady: writer?.ready ?? false,
    mayCreateRoles: found.may_create_roles,
  };
}

const noAnswer = {
  code: 'E_JOURNAL_UNREACHABLE',
  message: "The journal's database gave no answer to a question about its schema.",
  remedy: 'Run the same command again; if it happens again, look at the log of the database.',
  retryable: true,
} as const;

const schemaRow = z.object({
  migrated: z.boolean(),
  encoding: z.string(),
  writer_exists: z.boolean(),
  may_create_roles: z.boolean(),
});

const stepRow = z.object({
  number: z.number().int(),
  name: z.string(),
  additive: z.boolean(),
  checksum: z.string(),
});

const writerRow = z.object({ ready: z.boolean() });
