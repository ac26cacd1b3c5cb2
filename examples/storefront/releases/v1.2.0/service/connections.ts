// Sample of a bad release. It keeps its connection open between statements, to save the time of
// opening one, and forgets to close the statements. The database allows four on one connection;
// the fifth is never answered. So one statement in five fails, slowly, and no flag changes that.

import { setTimeout as sleep } from 'node:timers/promises';

const ROUND_TRIP_MS = 2;
/** Milliseconds until a statement without an answer is given up. */
const STATEMENT_TIMEOUT_MS = 1100;
/** Statements that the database keeps open on one connection. */
const OPEN_STATEMENTS_LIMIT = 4;

let openStatements = 0;

/** Runs one statement on the shared connection. @throws {Error} when the database does not answer. */
export async function runStatement<T>(work: () => T): Promise<T> {
  openStatements += 1;
  if (openStatements > OPEN_STATEMENTS_LIMIT) {
    // The others continue on a new connection; this one waits for its answer.
    openStatements = 0;
    await sleep(STATEMENT_TIMEOUT_MS);
    throw new Error('The database did not answer on the shared connection.');
  }
  await sleep(ROUND_TRIP_MS);
  return work();
}

/** Reads and writes once. @throws {Error} when the database does not answer. */
export async function ping(): Promise<void> {
  await runStatement(() => 'read');
  await runStatement(() => 'written');
}
