import type { BatchAnswer } from '../../src/adapters/aws/sqs-event.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { messengerFunction } from '../../src/wiring/messenger-function.ts';

const messenger = messengerFunction(readEnvironment().variables, (line) => {
  process.stdout.write(`${line}\n`);
});

/**
 * Called by the queue of messages: sends them over the channels, and answers which of them are to come
 * again.
 * @throws BackoutError only when nothing could be begun: then all of them come again
 */
export async function handler(event: unknown): Promise<BatchAnswer> {
  return await messenger.answer(event);
}
