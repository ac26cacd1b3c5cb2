import type { ControlAnswer } from '../../src/adapters/control/envelope.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { controlEmergency } from '../../src/wiring/control-function.ts';

const control = controlEmergency(readEnvironment().variables, (line) => {
  process.stdout.write(`${line}\n`);
});

/** Called by functions of ours, each by an alias of its own. Never throws: a refusal is an answer. */
export async function handler(event: unknown, context: unknown): Promise<ControlAnswer> {
  return await control.answer(event, context);
}
