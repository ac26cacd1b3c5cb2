import { readEnvironment } from '../../src/config/environment.ts';
import type { UnattendedAnswer } from '../../src/operations/roll-back-unattended.ts';
import { runnerFunction } from '../../src/wiring/runner-function.ts';

const runner = runnerFunction(readEnvironment().variables, (line) => {
  process.stdout.write(`${line}\n`);
});

/**
 * Started by the clock of an incident, without waiting for its answer, when no run of the team's
 * workflow began in time. It rolls the application back; the answer also goes to the log.
 * @throws BackoutError where asking again may help: AWS then calls it again, and it finds what is done
 */
export async function handler(event: unknown): Promise<UnattendedAnswer> {
  return await runner.run(event);
}
