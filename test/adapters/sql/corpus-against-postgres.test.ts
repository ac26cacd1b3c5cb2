/**
 * The labels of the corpus against a real PostgreSQL: what old code does is tried before and after
 * the statements of each case. A case that is labelled safe, and after which something of it does not
 * work any more, has a wrong label. (The other way round proves nothing: this old code does little.)
 */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSafe } from '../../../src/model/migration/finding.ts';
import { testDatabase, type TestDatabase } from '../../support/services.ts';
import { cases, oldRelease } from './load-corpus.ts';

/** Made by hand, in no migration. */
const BY_HAND = `
  CREATE TABLE legacy_things (
    id int, title text DEFAULT 'none', a int, b int, note text UNIQUE, room int, during int4range,
    total int GENERATED ALWAYS AS (a + b) STORED);
  CREATE UNIQUE INDEX legacy_key ON legacy_things (title, a);
  CREATE INDEX legacy_idx ON legacy_things (b);
  CREATE SCHEMA oddly;
  CREATE FUNCTION make_code() RETURNS text LANGUAGE sql AS 'SELECT ''x''::text';
  INSERT INTO users (email, name) VALUES ('first@x', 'first');
  INSERT INTO legacy_things (id, note) VALUES (1, 'one'), (2, 'two');`;

/** What the old release's code does: each is one request, and works on the old schema. */
const OLD_CODE = [
  `INSERT INTO users (email) VALUES ('a@x'), ('b@x')`,
  `INSERT INTO users (email, name, nickname) VALUES ('c@x', 'same', 'c'), ('d@x', 'same', 'd')`,
  `INSERT INTO users (email, name) VALUES ('e@x', NULL)`,
  `INSERT INTO users (email) VALUES ('first@x') ON CONFLICT (email) DO NOTHING`,
  `INSERT INTO users (email) VALUES ('first@x') ON CONFLICT ON CONSTRAINT users_email_key DO UPDATE SET name = 'again'`,
  `INSERT INTO users (email, nickname) VALUES ('f@x', 'f') ON CONFLICT (nickname) DO NOTHING`,
  `INSERT INTO users VALUES (1000, 'g@x', 'g', NULL, 1.50, 'active', '{"age": "no number"}', now())`,
  `INSERT INTO users (email, state, balance) VALUES ('h@x', 'blocked', 99999999.99)`,
  `UPDATE users SET name = 'x', settings = '{}' WHERE email = 'first@x'`,
  `UPDATE users SET state = 'blocked' WHERE state = 'active'`,
  `DELETE FROM users WHERE email = 'first@x'`,
  `SELECT id, email, name, nickname, balance, state, settings, created_at FROM users ORDER BY name`,
  `SELECT id FROM public.users WHERE settings = '{}' AND state = 'active'`,
  `WITH u AS (INSERT INTO users (email) VALUES ('i@x') RETURNING id)
   INSERT INTO orders (user_id, amount) SELECT id, 5 FROM u`,
  `INSERT INTO orders (id, user_id, status, amount, note)
   SELECT 5000, id, 'paid'::order_status, 2147483647, repeat('n', 200) FROM users LIMIT 1`,
  `SELECT id, user_id, status, amount, note, placed_at FROM orders WHERE status = 'paid'`,
  `UPDATE orders SET status = 'shipped', placed_at = '2025-05-05 05:05'`,
  `INSERT INTO "OrderItem" ("id", "orderId") SELECT 'i1', id FROM orders LIMIT 1`,
  `SELECT "id", "orderId", "quantity" FROM "OrderItem" WHERE "quantity" > 0`,
  `INSERT INTO events (id, at) VALUES (-1, '2025-06-01')`,
  `SELECT id, at FROM events_2025`,
  `INSERT INTO billing.invoices (id, total) VALUES (gen_random_uuid(), 12.5)`,
  `SELECT id, total, due FROM billing.invoices`,
  `SELECT id, email FROM active_users`,
  `SELECT user_id, total FROM order_totals`,
  `SELECT nextval('invoice_number')`,
  `SELECT 'a@b'::email_address, 'x'::required_text, 'new'::order_status`,
  `INSERT INTO legacy_things (id, title, a, b) VALUES (3, 'three', 1, 2), (3, 'four', 1, 2)`,
  `INSERT INTO legacy_things (id) VALUES (NULL)`,
  `SELECT id, title, a, b, total FROM legacy_things WHERE total = 3`,
];

let database: TestDatabase;
let client: Client;
/** Rows that each request finds or writes on the old schema. */
let before: (number | string)[];

beforeAll(async () => {
  database = await testDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(oldRelease);
  await client.query(BY_HAND);
  await client.query('BEGIN');
  before = await runOldCode();
  await client.query('ROLLBACK');
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

/** How many rows each request has to do with, or its error. Nothing of it stays. */
async function runOldCode(): Promise<(number | string)[]> {
  const results: (number | string)[] = [];
  for (const request of OLD_CODE) {
    await client.query('SAVEPOINT request');
    const result = await client.query(request).then(
      ({ rowCount }) => rowCount ?? 0,
      (error: unknown) => String(error),
    );
    results.push(result);
    await client.query('ROLLBACK TO SAVEPOINT request');
  }
  return results;
}

test('The old code works with the old schema.', () => {
  expect(before.filter((result) => typeof result === 'string')).toEqual([]);
});

test('After a case that is labelled safe, all that old code does still works.', async () => {
  const tried = { safe: 0, harmful: 0, noticed: 0, cannotRun: 0 };
  const wrong: unknown[] = [];
  for (const { sql, labels } of cases) {
    await client.query('BEGIN');
    // Statements that end the transaction, or do not run in one, or not in this version, are left out.
    const applied =
      !/\b(BEGIN|COMMIT|ROLLBACK|PREPARE TRANSACTION)\b/.test(sql) &&
      (await client.query(sql).then(
        () => true,
        () => false,
      ));
    if (applied) {
      await client.query('RESET ALL');
      const after = await runOldCode();
      const broken = OLD_CODE.flatMap((request, index) => {
        const result = after[index];
        return typeof result === 'string' ? [{ request, result }] : [];
      });
      const isAllSafe = labels.every(isSafe);
      tried[isAllSafe ? 'safe' : 'harmful'] += 1;
      if (!isAllSafe && broken.length > 0) tried.noticed += 1;
      if (isAllSafe && broken.length > 0) wrong.push({ sql, broken });
    } else tried.cannotRun += 1;
    await client.query('ROLLBACK');
  }
  console.log(
    `Tried on PostgreSQL: ${tried.safe} safe cases, ${wrong.length} of them break old code; ` +
      `${tried.harmful} others, of which old code notices ${tried.noticed}; ${tried.cannotRun} cannot run here.`,
  );
  expect(wrong).toEqual([]);
  expect(tried.safe).toBeGreaterThan(80);
});
