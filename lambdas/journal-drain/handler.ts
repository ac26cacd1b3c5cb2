import { readEnvironment } from '../../src/config/environment.ts';
import { runFunction } from '../../src/wiring/function-log.ts';
import { journalDrainFunction } from '../../src/wiring/journal-drain-function.ts';

const { variables } = readEnvironment();

/**
 * Called by the queue of journal entries: stores them, and answers which of them are to come again.
 * @throws BackoutError only when nothing could be begun: then all of them come again
 */
export const handler = runFunction('journal-drain', variables, (log) =>
  journalDrainFunction(variables, log),
);
