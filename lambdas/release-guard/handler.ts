import { readEnvironment } from '../../src/config/environment.ts';
import { type GuardAnswer, guardFunction } from '../../src/wiring/guard-function.ts';

const guard = guardFunction(readEnvironment().variables, (line) => {
  process.stdout.write(`${line}\n`);
});

/**
 * Called by a schedule of EventBridge, every minute: looks once whether a held release is back, and
 * tells people. It changes nothing.
 * @throws BackoutError only when nothing could be looked at: the configuration cannot be read
 */
export async function handler(event: unknown): Promise<GuardAnswer> {
  return await guard.answer(event);
}
