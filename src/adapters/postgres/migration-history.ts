import { escapeIdentifier } from 'pg';
import * as z from 'zod';
import { BackoutError, describeCause } from '../../model/error.ts';
import type {
  AppliedHistory,
  AppliedMigration,
  HistoryTool,
} from '../../model/migration/applied.ts';
import { connectPostgres } from './connection.ts';
import { readOnce } from './read-once.ts';
import { findHistoriesSql } from './sql/find-histories.sql.ts';

export interface MigrationHistoryOptions {
  /** `postgres://…`, with the password; never shown. */
  url: string;
  /** For each question, in milliseconds; two or three are asked. Default 5000. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Columns of each tool's table, in the order in which they are read, and what their rows mean. */
interface Reader {
  table: string;
  query: (table: string) => string;
  parse: (rows: unknown[][]) => AppliedMigration[];
  upTo?: true;
}

const text = z.string();
/** PostgreSQL hands out a bigint as a text. */
const number = z.union([z.string().regex(/^-?\d+$/), z.int()]).transform(String);
const instant = z.date().nullable();

function rowsOf<S extends z.ZodType>(
  schema: S,
  read: (row: z.output<S>) => AppliedMigration | undefined,
): (rows: unknown[][]) => AppliedMigration[] {
  return (rows) =>
    z
      .array(schema)
      .parse(rows)
      .flatMap((row) => read(row) ?? []);
}

const READERS: Readonly<Record<HistoryTool, Reader>> = {
  flyway: {
    table: 'flyway_schema_history',
    query: (table) =>
      `select script, type, checksum, success, version from ${table} order by installed_rank`,
    parse(rows) {
      const schema = z.tuple([text, text, z.int().nullable(), z.boolean(), text.nullable()]);
      const latest = new Map<string, AppliedMigration>();
      for (const [script, type, checksum, success, version] of z.array(schema).parse(rows)) {
        const name = script.slice(script.lastIndexOf('/') + 1);
        // Undone, deleted by repair, or made by Flyway itself.
        if (type.startsWith('UNDO')) {
          for (const [key, { name: other }] of latest) {
            if (version !== null && versionOf(other) === version) latest.delete(key);
          }
        }
        if (/^(UNDO|DELETE|BASELINE|SCHEMA)/.test(type)) continue;
        // A repeatable one has a row for each time; the last one counts.
        latest.delete(name);
        latest.set(name, {
          key: name,
          name,
          state: success ? 'done' : 'failed',
          ...(checksum === null ? {} : { checksum: String(checksum) }),
        });
      }
      return [...latest.values()];
    },
  },
  prisma: {
    table: '_prisma_migrations',
    query: (table) =>
      `select migration_name, checksum, finished_at, rolled_back_at from ${table} order by started_at, migration_name`,
    parse: rowsOf(z.tuple([text, text, instant, instant]), ([name, checksum, finished, undone]) =>
      undone === null
        ? { key: name, name, checksum, state: finished === null ? 'failed' : 'done' }
        : undefined,
    ),
  },
  drizzle: {
    table: '__drizzle_migrations',
    query: (table) => `select hash from ${table} order by created_at, id`,
    parse: rowsOf(z.tuple([text]), ([hash]) => ({
      key: hash,
      name: hash.slice(0, 12),
      state: 'done',
    })),
  },
  knex: {
    table: 'knex_migrations',
    query: (table) => `select name from ${table} order by id`,
    parse: rowsOf(z.tuple([text]), ([name]) => ({ key: name, name, state: 'done' })),
  },
  'node-pg-migrate': {
    table: 'pgmigrations',
    query: (table) => `select name from ${table} order by run_on, id`,
    parse: rowsOf(z.tuple([text]), ([name]) => ({ key: name, name, state: 'done' })),
  },
  dbmate: {
    table: 'schema_migrations',
    query: (table) => `select version from ${table} order by version`,
    parse: rowsOf(z.tuple([text]), ([version]) => ({ key: version, name: version, state: 'done' })),
  },
  'golang-migrate': {
    table: 'schema_migrations',
    query: (table) => `select version, dirty from ${table}`,
    parse: rowsOf(z.tuple([number, z.boolean()]), ([version, dirty]) => ({
      key: version,
      name: version,
      state: dirty ? 'failed' : 'done',
    })),
    upTo: true,
  },
  goose: {
    table: 'goose_db_version',
    query: (table) => `select version_id, is_applied from ${table} order by id`,
    parse(rows) {
      const applied = new Map<string, AppliedMigration>();
      for (const [version, isApplied] of z.array(z.tuple([number, z.boolean()])).parse(rows)) {
        applied.delete(version);
        // Version 0 is goose's own.
        if (isApplied && version !== '0') {
          applied.set(version, { key: version, name: version, state: 'done' });
        }
      }
      return [...applied.values()];
    },
  },
};

const versionOf = (script: string): string | undefined =>
  /^V(\d+(?:[._]\d+)*)__/i.exec(script)?.[1]?.replaceAll('_', '.');

/**
 * The tables in which migration tools write down what they applied, in any schema. Read-only
 * transactions with a cap; nothing is created, and no tool is run.
 *
 * @throws BackoutError E_POSTGRES_URL (usage), E_MIGRATION_HISTORY_UNREADABLE (retryable)
 */
export async function readMigrationHistories(
  options: MigrationHistoryOptions,
): Promise<AppliedHistory[]> {
  const { url, timeoutMs = 5000, signal = new AbortController().signal } = options;
  // Checks the address, and says it without the password; connects to nothing.
  await using postgres = connectPostgres(url, { applicationName: 'backout audit' });
  const ask = (query: string): Promise<unknown[][]> => readOnce({ url, query, timeoutMs, signal });
  try {
    const found = z.array(z.tuple([text, text, z.boolean()])).parse(await ask(findHistoriesSql));
    const histories: AppliedHistory[] = [];
    for (const [schema, name, hasDirty] of found) {
      const tool = toolOf(name, hasDirty);
      if (tool === undefined) continue;
      const { query, parse, upTo = false } = READERS[tool];
      const rows = parse(await ask(query(`${escapeIdentifier(schema)}.${escapeIdentifier(name)}`)));
      histories.push({ tool, table: `${schema}.${name}`, rows, upTo });
    }
    return histories;
  } catch (error) {
    throw new BackoutError({
      code: 'E_MIGRATION_HISTORY_UNREADABLE',
      message: `Which migrations ran cannot be read from PostgreSQL at ${postgres.address}: ${
        error instanceof z.ZodError ? 'a table is not as its tool makes it' : describeCause(error)
      }.`,
      remedy:
        'See that the database runs and that the role may read the table; or audit without it.',
      retryable: true,
      cause: error,
    });
  }
}

/** golang-migrate and dbmate call their tables alike; only one of them marks failures. */
function toolOf(name: string, hasDirty: boolean): HistoryTool | undefined {
  if (name === 'schema_migrations') return hasDirty ? 'golang-migrate' : 'dbmate';
  const tools: HistoryTool[] = ['flyway', 'prisma', 'drizzle', 'knex', 'node-pg-migrate', 'goose'];
  return tools.find((tool) => READERS[tool].table === name);
}
