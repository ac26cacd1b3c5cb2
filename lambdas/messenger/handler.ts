import { readEnvironment } from '../../src/config/environment.ts';
import { runFunction } from '../../src/wiring/function-log.ts';
import { messengerFunction } from '../../src/wiring/messenger-function.ts';

const { variables } = readEnvironment();

/**
 * Called by the queue of messages: sends them over the channels, and answers which of them are to come
 * again.
 * @throws BackoutError only when nothing could be begun: then all of them come again
 */
export const handler = runFunction('messenger', variables, (log) =>
  messengerFunction(variables, log),
);
