import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { durableSteps } from '../../src/adapters/aws/durable-steps.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { type ClockAnswer, clockFunction } from '../../src/wiring/clock-function.ts';

const clock = clockFunction(readEnvironment().variables, (line) => {
  process.stdout.write(`${line}\n`);
});

/**
 * Started by on-alarm with the incident as the name of its execution, and woken by AWS for as long
 * as the incident lives. What it is started with: src/model/clock-start.ts.
 */
export const handler = withDurableExecution(
  async (input: unknown, context): Promise<ClockAnswer> =>
    await clock.run(input, durableSteps(context, systemClock)),
);
