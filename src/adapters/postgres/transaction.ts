import type { ClientBase, PoolClient } from 'pg';
import type * as z from 'zod';
import { BackoutError } from '../../model/error.ts';
import type { Postgres } from './connection.ts';

/** Runs one statement and parses each row of its answer. */
export type Run = <Row>(
  sql: string,
  values: readonly unknown[],
  row: z.ZodType<Row>,
) => Promise<Row[]>;

/** No connection was had: nothing was asked, so nothing can have happened. */
export class ConnectFailed extends Error {}

/** COMMIT was sent and its answer did not come: the work may be there, or not. */
export class CommitUnknown extends Error {}

export interface TransactionCaps {
  lockMs: number;
  statementMs: number;
}

/**
 * Runs `work` in a transaction of its own. An error rolls it back.
 *
 * READ COMMITTED is spelled out: in a database whose default is stricter, the snapshot would be
 * older than the lock we waited for, and two appends could read the same end of a chain.
 *
 * @param caps instead of the connection's own, for migrations
 * @throws {ConnectFailed} and {CommitUnknown}; otherwise what `work` threw, or the database's error
 */
export async function transact<T>(
  postgres: Postgres,
  work: (run: Run) => Promise<T>,
  caps?: TransactionCaps,
): Promise<T> {
  const client = await checkOut(postgres);
  let committing = false;
  try {
    await client.query('begin isolation level read committed');
    const run = runOn(client, caps);
    if (caps !== undefined) await applyCaps(client, caps);
    const value = await work(run);
    committing = true;
    await client.query('commit');
    giveBack(client);
    return value;
  } catch (error) {
    // After a refusal of ours the connection is healthy. After anything else it may have an answer
    // outstanding, so it is closed: the server rolls back.
    if (!(error instanceof BackoutError) || !(await rollBack(client))) giveBack(client, true);
    if (!committing) throw error;
    throw new CommitUnknown('the connection was lost while the work was being stored', {
      cause: error,
    });
  }
}

/** One reading statement, without a transaction around it. */
export async function ask<Row>(
  postgres: Postgres,
  sql: string,
  values: readonly unknown[],
  row: z.ZodType<Row>,
): Promise<Row[]> {
  const client = await checkOut(postgres);
  try {
    const rows = await runOn(client)(sql, values, row);
    giveBack(client);
    return rows;
  } catch (error) {
    giveBack(client, true);
    throw error;
  }
}

async function checkOut(postgres: Postgres): Promise<PoolClient> {
  try {
    const client = await postgres.pool.connect();
    // The pool does not listen while a connection is out. A break between two statements would
    // end the process; the next statement reports it anyway.
    client.on('error', ignore);
    return client;
  } catch (cause) {
    throw new ConnectFailed('no connection', { cause });
  }
}

function ignore(): void {}

function giveBack(client: PoolClient, broken = false): void {
  client.release(broken);
  client.off('error', ignore);
}

async function rollBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('rollback');
    giveBack(client);
    return true;
  } catch {
    // Closing the connection, which follows, rolls back as well.
    return false;
  }
}

async function applyCaps(client: ClientBase, caps: TransactionCaps): Promise<void> {
  await client.query(
    `select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)`,
    [String(caps.lockMs), String(caps.statementMs)],
  );
}

function runOn(client: ClientBase, caps?: TransactionCaps): Run {
  return async (sql, values, row) => {
    const query = {
      text: sql,
      values: [...values],
      ...(caps === undefined ? {} : { query_timeout: caps.statementMs + 500 }),
    };
    // A text of several statements (a migration) is answered with several results.
    const results = [await client.query<Record<string, unknown>>(query)].flat();
    return (results.at(-1)?.rows ?? []).map((found) => row.parse(found));
  };
}
