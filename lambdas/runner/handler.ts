import { readEnvironment } from '../../src/config/environment.ts';
import { runFunction } from '../../src/wiring/function-log.ts';
import { runnerFunction } from '../../src/wiring/runner-function.ts';

const { variables } = readEnvironment();

/**
 * Started by the clock of an incident, without waiting for its answer, when no run of the team's
 * workflow began in time. It rolls the application back; the answer also goes to the log.
 * @throws BackoutError where asking again may help: AWS then calls it again, and it finds what is done
 */
export const handler = runFunction('runner', variables, (log) => {
  const runner = runnerFunction(variables, log);
  return { answer: (event) => runner.run(event) };
});
