/** What ran on a real PostgreSQL, beside the files: the tables as each tool makes them. */
import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { gitFixture, type GitFixture } from '../adapters/git/git-fixture.ts';
import { faultyProxy } from '../adapters/postgres/support.ts';
import { testDatabase, type TestDatabase } from '../support/services.ts';
import { callProgram, type Run } from './support.ts';

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await testDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function repository(files: Record<string, string>): Promise<GitFixture> {
  const git = await gitFixture();
  await git.commit('v1', files);
  await git.git('tag', 'v1');
  await git.git('tag', 'v2');
  return git;
}

const audit = (git: GitFixture, url: string, name = 'DATABASE_URL'): Promise<Run> =>
  callProgram(
    [
      'audit',
      '--repo',
      git.directory,
      '--from',
      'v1',
      '--to',
      'v2',
      '--json',
      '--database-url-env',
      name,
    ],
    { cwd: '/', env: { ...git.env, DATABASE_URL: url } },
  );

const documentSchema = z.object({
  verdict: z.string(),
  databases: z.array(
    z.object({
      tool: z.string(),
      table: z.string(),
      applied: z.number(),
      problems: z.array(z.object({ migration: z.string(), problem: z.string() })),
    }),
  ),
});

/** Problems as `problem name`, for a database with these tables. */
async function problemsOf(files: Record<string, string>, sql: string) {
  await using git = await repository(files);
  await client.query(
    'DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS drizzle CASCADE; CREATE SCHEMA public',
  );
  await client.query(sql);
  const run = await audit(git, database.url);
  const { verdict, databases } = documentSchema.parse(JSON.parse(run.stdout));
  const [found] = databases;
  return {
    verdict,
    code: run.code,
    tool: found?.tool,
    applied: found?.applied,
    problems: found?.problems.map(({ problem, migration }) => `${problem} ${migration}`).toSorted(),
  };
}

test('Flyway: pending, unknown, changed, failed and out of order; its checksum is computed as it does.', async () => {
  const files = {
    'db/migration/V1__a.sql': 'CREATE TABLE a (id int);\r\n',
    'db/migration/V2__b.sql': 'CREATE TABLE b (id int);\n',
    'db/migration/V3__c.sql': 'CREATE TABLE c (id int);\n',
    'db/migration/V5__e.sql': 'CREATE TABLE e (id int);\n',
    'db/migration/R__view.sql': 'CREATE VIEW v AS SELECT 1;\n',
  };
  const found = await problemsOf(
    files,
    `CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50),
       description varchar(200), type varchar(20), script varchar(1000), checksum int,
       installed_by varchar(100), installed_on timestamp DEFAULT now(), execution_time int, success boolean);
     INSERT INTO flyway_schema_history VALUES
       (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '"public"', NULL, 'x', now(), 0, true),
       (1, '1', 'a', 'SQL', 'V1__a.sql', ${flywayChecksum('CREATE TABLE a (id int);')}, 'x', now(), 1, true),
       (2, '3', 'c', 'SQL', 'V3__c.sql', 12345, 'x', now(), 1, true),
       (3, '2', 'b', 'SQL', 'V2__b.sql', ${flywayChecksum('CREATE TABLE b (id int);')}, 'x', now(), 1, true),
       (4, '4', 'd', 'SQL', 'V4__d.sql', 1, 'x', now(), 1, true),
       (5, '6', 'f', 'SQL', 'V6__f.sql', 1, 'x', now(), 1, false),
       (6, NULL, 'view', 'SQL', 'R__view.sql', 1, 'x', now(), 1, true),
       (7, NULL, 'view', 'SQL', 'R__view.sql', ${flywayChecksum('CREATE VIEW v AS SELECT 1;')}, 'x', now(), 1, true)`,
  );
  expect(found).toEqual({
    verdict: 'needs-a-human',
    code: 4,
    tool: 'flyway',
    applied: 6,
    problems: [
      'changed V3__c.sql',
      'failed V6__f.sql',
      'out-of-order V2__b.sql',
      'pending V5__e.sql',
      'unknown V4__d.sql',
    ],
  });
});

/** Written down in another way than the program does it: bit by bit. */
function flywayChecksum(line: string): number {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(line)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc | 0;
}

test('Prisma: changed by its checksum, failed, undone and pending.', async () => {
  const files = {
    'prisma/migrations/migration_lock.toml': 'provider = "postgresql"',
    'prisma/migrations/1_a/migration.sql': 'SELECT 1;',
    'prisma/migrations/2_b/migration.sql': 'SELECT 2;',
    'prisma/migrations/3_c/migration.sql': 'SELECT 3;',
  };
  const found = await problemsOf(
    files,
    `CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL,
       finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text,
       rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int);
     INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at, started_at) VALUES
       ('1', '${sha256('SELECT 1;')}', now(), '1_a', NULL, now() - interval '4 min'),
       ('2', '${sha256('SELECT 0;')}', now(), '2_b', NULL, now() - interval '3 min'),
       ('3', '${sha256('SELECT 3;')}', NULL, '3_c', now(), now() - interval '2 min'),
       ('4', 'x', NULL, '4_d', NULL, now() - interval '1 min')`,
  );
  expect(found).toMatchObject({
    verdict: 'needs-a-human',
    tool: 'prisma',
    problems: ['changed 2_b', 'failed 4_d', 'pending 3_c'].map((one) =>
      one.replace('2_b', '2_b/migration.sql').replace('3_c', '3_c/migration.sql'),
    ),
  });
});

test('Drizzle: known by the hash of the file, in a schema of its own.', async () => {
  const found = await problemsOf(
    {
      'drizzle/meta/_journal.json': '{ "dialect": "postgresql" }',
      'drizzle/0000_a.sql': 'SELECT 1;',
      'drizzle/0001_b.sql': 'SELECT 2;',
    },
    `CREATE SCHEMA drizzle;
     CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
     INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('${sha256('SELECT 1;')}', 1), ('0123456789abcdef', 2)`,
  );
  expect(found).toMatchObject({
    verdict: 'needs-a-human',
    tool: 'drizzle',
    problems: ['pending 0001_b.sql', 'unknown 0123456789ab'],
  });
});

test('golang-migrate: only the newest version is kept, with a mark for failed.', async () => {
  const files = {
    'migrations/000001_a.up.sql': 'SELECT 1;',
    'migrations/000002_b.up.sql': 'SELECT 2;',
    'migrations/000003_c.up.sql': 'SELECT 3;',
  };
  const table =
    'CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);';
  expect(
    await problemsOf(files, `${table} INSERT INTO schema_migrations VALUES (2, false)`),
  ).toMatchObject({
    verdict: 'safe',
    code: 0,
    tool: 'golang-migrate',
    applied: 2,
    problems: ['pending 000003_c.up.sql'],
  });
  expect(
    await problemsOf(files, `${table} INSERT INTO schema_migrations VALUES (3, true)`),
  ).toMatchObject({
    verdict: 'needs-a-human',
    problems: ['failed 3'],
  });
  expect(
    await problemsOf(files, `${table} INSERT INTO schema_migrations VALUES (4, false)`),
  ).toMatchObject({
    verdict: 'needs-a-human',
    problems: ['unknown 4'],
  });
});

test('dbmate: one row for each version.', async () => {
  const found = await problemsOf(
    {
      'db/migrations/20250101_a.sql': '-- migrate:up\nSELECT 1;',
      'db/migrations/20250102_b.sql': '-- migrate:up\nSELECT 2;',
    },
    `CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
     INSERT INTO schema_migrations VALUES ('20250101'), ('20250103')`,
  );
  expect(found).toMatchObject({
    tool: 'dbmate',
    problems: ['pending 20250102_b.sql', 'unknown 20250103'],
  });
});

test('goose: the last word on each version counts.', async () => {
  const found = await problemsOf(
    {
      'migrations/00001_a.sql': '-- +goose Up\nSELECT 1;',
      'migrations/00002_b.sql': '-- +goose Up\nSELECT 2;',
    },
    `CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());
     INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (2, false)`,
  );
  expect(found).toMatchObject({
    verdict: 'safe',
    tool: 'goose',
    applied: 1,
    problems: ['pending 00002_b.sql'],
  });
});

test('Knex and node-pg-migrate: by the names of the files, with and without their ending.', async () => {
  const knex = `exports.up = (knex) => knex.raw('SELECT 1');`;
  expect(
    await problemsOf(
      { 'migrations/1_a.js': knex, 'migrations/2_b.js': knex },
      `CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch int, migration_time timestamptz);
       INSERT INTO knex_migrations (name, batch) VALUES ('2_b.js', 1), ('1_a.js', 1)`,
    ),
  ).toMatchObject({ verdict: 'safe', tool: 'knex', problems: ['out-of-order 1_a.js'] });
  const pgm = `exports.up = (pgm) => { pgm.sql('SELECT 1'); };`;
  expect(
    await problemsOf(
      { 'migrations/1_a.js': pgm, 'migrations/2_b.ts': pgm },
      `CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);
       INSERT INTO pgmigrations (name, run_on) VALUES ('1_a', now())`,
    ),
  ).toMatchObject({
    verdict: 'safe',
    tool: 'node-pg-migrate',
    applied: 1,
    problems: ['pending 2_b.ts'],
  });
});

test('A table that is not as its tool makes it, and a database without one, are told.', async () => {
  await using git = await repository({ 'migrations/1_a.sql': 'SELECT 1;' });
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  const none = await audit(git, database.url);
  expect(none.code).toBe(4);
  expect(none.stderr).toContain('E_MIGRATION_HISTORY_MISSING');
  await client.query('CREATE TABLE knex_migrations (id int)');
  const odd = await audit(git, database.url);
  expect(odd.code).toBe(1);
  expect(odd.stderr).toContain('E_MIGRATION_HISTORY_UNREADABLE');
});

test('Nothing is written to the database.', async () => {
  await client.query(
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE pgmigrations (id int, name text, run_on timestamp)',
  );
  const before = await client.query(
    'SELECT pg_current_xact_id_if_assigned(), count(*) FROM pg_class',
  );
  await using git = await repository({ 'migrations/1_a.sql': 'SELECT 1;' });
  await audit(git, database.url);
  const after = await client.query(
    'SELECT pg_current_xact_id_if_assigned(), count(*) FROM pg_class',
  );
  expect(after.rows).toEqual(before.rows);
});

test('A database that does not answer is given up on, without its password in the words.', async () => {
  await using proxy = await faultyProxy(database.url);
  proxy.freeze();
  const url = new URL(proxy.url);
  url.password = 'very-secret';
  await using git = await repository({ 'migrations/1_a.sql': 'SELECT 1;' });
  const run = await audit(git, url.href);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('E_MIGRATION_HISTORY_UNREADABLE');
  expect(run.stderr + run.stdout).not.toContain('very-secret');
});

test('The address is never an argument: a name that is none is refused, and not shown.', async () => {
  await using git = await repository({ 'migrations/1_a.sql': 'SELECT 1;' });
  const pasted = await audit(git, '', 'postgres://user:very-secret@host/db');
  expect(pasted.code).toBe(2);
  expect(pasted.stderr + pasted.stdout).not.toContain('very-secret');
  expect(await audit(git, '')).toMatchObject({ code: 2 });
  expect(await audit(git, 'x', 'NOT_SET_ANYWHERE')).toMatchObject({ code: 2 });
  expect(await audit(git, 'mysql://user:very-secret@host/db')).toMatchObject({ code: 2 });
});
