import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Postgres, connectPostgres } from '../../../src/adapters/postgres/connection.ts';
import { postgresJournal } from '../../../src/adapters/postgres/journal.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { migrations } from '../../../src/adapters/postgres/migrations/list.ts';
import { type TestDatabase, testDatabase } from '../../support/services.ts';
import { someEntry } from '../../contracts/journal.contract.ts';

let database: TestDatabase;
let postgres: Postgres;

beforeAll(async () => {
  database = await testDatabase();
  postgres = connectPostgres(database.url, { applicationName: 'backout test' });
});
afterAll(async () => {
  await postgres.close();
  await database[Symbol.asyncDispose]();
});
beforeEach(() => postgres.pool.query('drop schema if exists backout cascade'));

const next = {
  number: migrations.length + 1,
  name: 'next',
  additive: true,
  sql: 'alter table backout.release add column channel text',
};

test('the steps are numbered 1, 2, 3 … without gaps', () => {
  expect(migrations.map((step) => step.number)).toEqual(migrations.map((_, index) => index + 1));
});

test('migrating applies every step once', async () => {
  const first = await migrate(postgres);
  const second = await migrate(postgres);

  expect(first.applied).toEqual(migrations.map((step) => step.name));
  expect(second.applied).toEqual([]);
});

test('twenty processes can migrate at once, and each step is applied by one of them', async () => {
  const connections = Array.from({ length: 20 }, () =>
    connectPostgres(database.url, { applicationName: 'backout test', connectTimeoutMs: 10_000 }),
  );
  try {
    const reports = await Promise.all(connections.map((connection) => migrate(connection)));

    expect(reports.flatMap((report) => report.applied).toSorted()).toEqual(
      migrations.map((step) => step.name).toSorted(),
    );
    const { rows } = await postgres.pool.query<{ count: string }>(
      'select count(*) from backout.migration',
    );
    expect(rows[0]?.count).toBe(String(migrations.length));
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
});

test('a later version adds its step to an existing schema with data in it', async () => {
  await migrate(postgres);
  await postgresJournal(postgres).append(someEntry());

  const report = await migrate(postgres, { migrations: [...migrations, next] });

  expect(report.applied).toEqual(['next']);
  expect(await postgresJournal(postgres).read(someEntry(), 'inc00001')).toHaveLength(1);
});

test('an older version keeps working with a newer schema that only added something', async () => {
  await migrate(postgres, { migrations: [...migrations, next] });

  const report = await migrate(postgres);

  expect(report.applied).toEqual([]);
  expect(await postgresJournal(postgres).append(someEntry())).toMatchObject({ stored: 'journal' });
});

test('an older version refuses a newer schema that changed something it relies on', async () => {
  await migrate(postgres, { migrations: [...migrations, { ...next, additive: false }] });

  await expect(migrate(postgres)).rejects.toMatchObject({
    code: 'E_SCHEMA_NEWER',
    kind: 'refused',
    remedy: expect.stringContaining('newer') as unknown,
  });
});

test('a step that was edited after it was applied is refused', async () => {
  await migrate(postgres);
  const edited = migrations.map((step) =>
    step.number === 2 ? { ...step, sql: `${step.sql}\n-- edited` } : step,
  );

  await expect(migrate(postgres, { migrations: edited })).rejects.toMatchObject({
    code: 'E_SCHEMA_CHANGED',
    kind: 'refused',
    message: expect.stringContaining('lease') as unknown,
  });
});

test('a step that fails leaves nothing behind, and the ones before it stay', async () => {
  const broken = { ...next, sql: 'create table backout.half (a int); select 1/0' };

  await expect(migrate(postgres, { migrations: [...migrations, broken] })).rejects.toMatchObject({
    code: 'E_JOURNAL_UNREACHABLE',
  });

  const { rows } = await postgres.pool.query<{ half: string | null; steps: string }>(
    `select to_regclass('backout.half') as half,
            (select count(*) from backout.migration) as steps`,
  );
  expect(rows).toEqual([{ half: null, steps: String(migrations.length) }]);
});

test('waiting for a process that hangs in a migration is bounded', async () => {
  const hanging = await postgres.pool.connect();
  try {
    await hanging.query('begin');
    await hanging.query(`select pg_advisory_xact_lock(hashtextextended('backout schema', 0))`);

    await expect(migrate(postgres, { lockMs: 200 })).rejects.toMatchObject({
      code: 'E_SCHEMA_BUSY',
      retryable: true,
    });
  } finally {
    await hanging.query('rollback');
    hanging.release();
  }
});

describe('roles', () => {
  test('the writer role can add to the journal and read it, and nothing else', async () => {
    const report = await migrate(postgres);

    expect(report.writerRole).toEqual({ ready: true });
    const { rows } = await postgres.pool.query<{ privilege: string }>(
      `select privilege
         from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'trigger']) as privilege
        where has_table_privilege('backout_writer', 'backout.journal', privilege)`,
    );
    expect(rows.map((row) => row.privilege)).toEqual(['select', 'insert']);
    const { rows: login } = await postgres.pool.query<{ rolcanlogin: boolean }>(
      `select rolcanlogin from pg_roles where rolname = 'backout_writer'`,
    );
    expect(login).toEqual([{ rolcanlogin: false }]);
  });

  test('a session with the writer role can do the daily work', async () => {
    await migrate(postgres);
    const writer = connectPostgres(`${database.url}?options=-c%20role%3Dbackout_writer`, {
      applicationName: 'backout test',
    });
    try {
      const { rows } = await writer.pool.query<{ role: string }>('select current_user as role');
      expect(rows).toEqual([{ role: 'backout_writer' }]);
      const journal = postgresJournal(writer);
      await journal.append(someEntry({ key: 'a' }));
      await journal.append(someEntry({ key: 'b' }));
      expect(await journal.incidents(someEntry())).toHaveLength(1);
      await expect(writer.pool.query('delete from backout.journal')).rejects.toThrow(
        /permission denied/,
      );
      // It has nothing to migrate and no right to: that must not stop it.
      expect(await migrate(writer)).toMatchObject({ applied: [] });
    } finally {
      await writer.close();
    }
  });

  test('a role that may not create roles gets its schema, and is told what is missing', async () => {
    const role = `plain_${database.name}`;
    await postgres.pool.query('drop role if exists backout_writer_absent');
    await postgres.pool.query(`create role ${role}`);
    await postgres.pool.query(`grant create on database ${database.name} to ${role}`);
    const plain = connectPostgres(`${database.url}?options=-c%20role%3D${role}`, {
      applicationName: 'backout test',
    });
    try {
      const report = await migrate(plain);

      expect(report.applied).toHaveLength(migrations.length);
      expect(report.writerRole).toMatchObject({
        ready: false,
        why: expect.stringContaining('may not create roles') as unknown,
      });
      await postgresJournal(plain).append(someEntry());
      await expect(plain.pool.query('delete from backout.journal')).rejects.toThrow(/append-only/);
    } finally {
      await plain.close();
      await postgres.pool.query('drop schema backout cascade');
      await postgres.pool.query(`revoke all on database ${database.name} from ${role}`);
      await postgres.pool.query(`drop role ${role}`);
    }
  });
});

test('a database that cannot store every character is refused', async () => {
  const name = `${database.name}_latin`;
  await postgres.pool.query(
    `create database ${name} encoding 'LATIN1' locale 'C' template template0`,
  );
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  const latin = connectPostgres(url.href, { applicationName: 'backout test' });
  try {
    await expect(migrate(latin)).rejects.toMatchObject({ code: 'E_SCHEMA_ENCODING' });
  } finally {
    await latin.close();
    await postgres.pool.query(`drop database ${name} with (force)`);
  }
});
