/** The parts of `--json` answers that scenarios look at. */

import * as z from 'zod';
import type { CliEnd } from './run-cli.ts';

/** @throws {Error} with what the command said, when it ended with another code */
export function expectExit({ code, signal, stdout, stderr }: CliEnd, ...codes: number[]): void {
  if (code !== null && codes.includes(code)) return;
  const ended = code === null ? `by ${signal}` : `with ${code}`;
  throw new Error(`Expected ${codes.join(' or ')}, ended ${ended}:\n${stdout}\n${stderr}`);
}

const failure = z.object({
  error: z.object({
    code: z.string(),
    kind: z.string(),
    message: z.string(),
    state: z.string(),
    remedy: z.string(),
  }),
});

/** The refusal or error that a command ended with. */
export function errorOf({ json }: CliEnd): z.infer<typeof failure>['error'] {
  return failure.parse(json).error;
}

const result = z.object({
  incident: z.string(),
  problems: z.array(z.string()),
  execution: z.object({
    outcome: z.string(),
    steps: z.array(
      z.object({
        step: z.object({ id: z.string() }),
        result: z.object({ outcome: z.string(), problem: z.string().optional() }),
      }),
    ),
  }),
});

/** The result of an execution, with the outcome of each step by its id. */
export function resultOf({ json }: CliEnd) {
  const { incident, problems, execution } = result.parse(json);
  const steps = Object.fromEntries(execution.steps.map(({ step, result: one }) => [step.id, one]));
  return { incident, problems: problems.join('\n'), outcome: execution.outcome, steps };
}
