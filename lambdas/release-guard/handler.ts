import { readEnvironment } from '../../src/config/environment.ts';
import { runFunction } from '../../src/wiring/function-log.ts';
import { guardFunction } from '../../src/wiring/guard-function.ts';

const { variables } = readEnvironment();

/**
 * Called by a schedule of EventBridge, every minute: looks once whether a held release is back, and
 * tells people. It changes nothing.
 * @throws BackoutError only when nothing could be looked at: the configuration cannot be read
 */
export const handler = runFunction('release-guard', variables, (log) =>
  guardFunction(variables, log),
);
