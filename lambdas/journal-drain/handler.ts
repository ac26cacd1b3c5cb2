import type { BatchAnswer } from '../../src/adapters/aws/sqs-event.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { journalDrainFunction } from '../../src/wiring/journal-drain-function.ts';

const drain = journalDrainFunction(readEnvironment().variables, (line) => {
  process.stdout.write(`${line}\n`);
});

/**
 * Called by the queue of journal entries: stores them, and answers which of them are to come again.
 * @throws BackoutError only when nothing could be begun: then all of them come again
 */
export async function handler(event: unknown): Promise<BatchAnswer> {
  return await drain.answer(event);
}
