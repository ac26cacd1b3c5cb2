import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresRowCounts } from '../../../src/adapters/postgres/row-counts.ts';
import { systemClock as clock } from '../../../src/adapters/system-clock.ts';
import type { Baseline } from '../../../src/model/baseline.ts';
import { measureBaseline } from '../../../src/operations/baseline.ts';
import { rowsKeptCheck } from '../../../src/operations/checks/rows-kept.ts';
import { testDatabase } from '../../support/services.ts';

const database = await testDatabase();
afterAll(() => database[Symbol.asyncDispose]());

async function run(sql: string): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const counterOf = (tables: string[], url = database.url) =>
  postgresRowCounts({ database: 'main', url, tables, timeoutMs: 2_000 });
const counter = counterOf(['orders', 'public.Odd "name']);

beforeAll(() =>
  run(`create table orders as select generate_series(1, 10) as id;
       create table "Odd ""name" as select 1 as id`),
);

async function ask(baseline: Baseline | 'none' | 'no-incident', counters = [counter]) {
  const check = rowsKeptCheck({
    name: 'rows-kept',
    stages: ['now'],
    counters,
    baseline: () => Promise.resolve(baseline),
    timeoutMs: 3_000,
    clock,
  });
  return await check.run({ safeState: false, signal: new AbortController().signal });
}

test('As many rows as before, or more: passed. Fewer: failed, with both numbers.', async () => {
  const { baseline, problems } = await measureBaseline(clock, { counters: [counter], metrics: [] });
  expect(problems).toEqual([]);
  expect(baseline.rows).toEqual({ 'main.orders': 10, 'main.public.Odd "name': 1 });
  expect(await ask(baseline)).toMatchObject({ verdict: 'passed' });
  await run('insert into orders values (11)');
  expect(await ask(baseline)).toMatchObject({ verdict: 'passed' });
  await run('delete from orders where id <= 3');
  const lost = await ask(baseline);
  expect(lost).toMatchObject({ verdict: 'failed' });
  expect(lost?.reason).toContain('main.orders has 8 of 10 rows');
});

test('No baseline is inconclusive; no rollback at all is no question.', async () => {
  expect(await ask('none')).toMatchObject({ verdict: 'inconclusive' });
  expect(await ask('no-incident')).toBeUndefined();
  const rows = { 'main.orders': 1 };
  const partly = await ask({ at: '2025-01-12T03:00:00.000Z', rows, metrics: {} });
  expect(partly).toMatchObject({ verdict: 'inconclusive' });
  expect(partly?.reason).toContain('Odd');
});

test('What cannot be counted now is an error, and before a rollback a problem that is named.', async () => {
  const gone = counterOf(['no_such_table']);
  const baseline = { at: '2025-01-12T03:00:00.000Z', rows: {}, metrics: {} };
  expect(await ask(baseline, [gone])).toMatchObject({ verdict: 'error' });
  const { problems } = await measureBaseline(clock, { counters: [gone, counter], metrics: [] });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('no_such_table');
});
