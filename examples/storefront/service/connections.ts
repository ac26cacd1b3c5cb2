import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that the pretended database takes for one statement. */
const ROUND_TRIP_MS = 2;

/** Runs one statement on a connection of its own, closed right after. */
export async function runStatement<T>(work: () => T): Promise<T> {
  await sleep(ROUND_TRIP_MS);
  return work();
}

/** Reads and writes once. @throws {Error} when the database does not answer. */
export async function ping(): Promise<void> {
  await runStatement(() => 'read');
  await runStatement(() => 'written');
}
