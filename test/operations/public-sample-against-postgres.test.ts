/**
 * Where the public sample and the rules disagreed, a real PostgreSQL decided: what old code does is
 * tried after the statements.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../support/services.ts';
import { sample } from './load-public-sample.ts';

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

/** A case by the end of its file's name; rows that old code has; what it does then. */
const disputes: [what: string, file: string, rows: string, oldCode: string, outcome: RegExp][] = [
  [
    'A narrower index lets old code write what the old one let through',
    'default.up.sql',
    `INSERT INTO apps (id, shop, type) VALUES ('a', 's', 't'), ('b', 's', 't')`,
    `INSERT INTO apps (id, shop, type, is_default) VALUES ('c', 's', 't', true), ('d', 's', 'u', true)`,
    /^2 rows$/,
  ],
  [
    'ON CONFLICT of old code does not find the narrower index',
    '000048_deleted.up.sql',
    `SELECT 1`,
    `INSERT INTO customers (id, email) VALUES (gen_random_uuid(), 'a') ON CONFLICT (email) DO NOTHING`,
    /no unique or exclusion constraint matching/,
  ],
  [
    'ON CONFLICT of old code finds the key in the place of the index',
    'V6__update_pk.sql',
    `INSERT INTO queue_message (queue_name, message_id) VALUES ('q', 'm')`,
    `INSERT INTO queue_message (queue_name, message_id) VALUES ('q', 'm'), ('q', 'n') ON CONFLICT (queue_name, message_id) DO NOTHING`,
    /^1 rows$/,
  ],
  [
    'The fifth of those keys takes null from a column that could be null',
    'V6__update_pk.sql',
    `SELECT 1`,
    `INSERT INTO route_plan (plan, route_id) VALUES ('p', 'r')`,
    /null value in column "date_str"/,
  ],
  [
    'ON CONFLICT of old code finds the constraint that stays when an index goes',
    'surfer.sql',
    `INSERT INTO users (name, email) VALUES ('n', 'e')`,
    `INSERT INTO users (name, email) VALUES ('n', 'e'), ('n', 'f') ON CONFLICT (email) DO NOTHING`,
    /^1 rows$/,
  ],
  [
    'Rows that the migration filled keep old code from deleting',
    'site_of_reading/migration.sql',
    `INSERT INTO sites VALUES ('s'); INSERT INTO devices VALUES ('d', 's'); INSERT INTO readings VALUES ('r', 'd')`,
    `DELETE FROM sites WHERE id = 's'`,
    /violates foreign key constraint/,
  ],
  [
    'Without its default, a column that became NOT NULL refuses old code',
    'destine.sql',
    `SELECT 1`,
    `INSERT INTO tasting (image, "enteredAt") VALUES ('i', 'now')`,
    /null value in column "startsAt"/,
  ],
  [
    'A trigger that was switched off and on again fires for old code',
    'correct_values.sql',
    `CREATE SCHEMA shop_private; CREATE FUNCTION shop_private.correct_values() RETURNS void LANGUAGE sql AS '';
     CREATE OR REPLACE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it fires'; END $$;
     INSERT INTO shop.results VALUES (1)`,
    `UPDATE shop.results SET id = 1`,
    /it fires/,
  ],
  [
    'A permissive policy lets through what row level security alone does not',
    'nurse.sql',
    `CREATE SCHEMA auth; CREATE FUNCTION auth.user_id() RETURNS text LANGUAGE sql AS $$ SELECT 'u' $$;
     CREATE ROLE authenticated; GRANT ALL ON users TO authenticated; GRANT USAGE ON SCHEMA auth TO authenticated;
     INSERT INTO users VALUES (gen_random_uuid(), 'n')`,
    `SELECT name FROM users`,
    /^1 rows$/,
  ],
];

test.each(disputes)('%s.', async (_, file, rows, oldCode, outcome) => {
  const one = sample.find((given) => given.file.endsWith(file));
  if (one === undefined) throw new Error(`The sample has no ${file}.`);
  await client.query('BEGIN');
  try {
    await client.query(one.before);
    await client.query(rows);
    // The transaction of the test goes on around the one of the file.
    await client.query(one.text.replaceAll(/^(begin|commit);$/gim, ''));
    if (rows.includes('authenticated')) await client.query('SET LOCAL ROLE authenticated');
    const result = await client.query(oldCode).then(
      ({ rowCount }) => `${rowCount} rows`,
      (error: unknown) => String(error),
    );
    expect(result).toMatch(outcome);
  } finally {
    await client.query('ROLLBACK');
  }
});
