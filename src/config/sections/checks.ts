/** The questions that prove a rollback good, and what each expects while the safe state is on. */
import * as z from 'zod';
import {
  argv,
  checkedText,
  duration,
  identifier,
  named,
  onlyIn,
  reference,
  words,
} from '../values.ts';
import { selection } from './flags.ts';
import { threshold } from './rules.ts';

/** Names of the moments of validation; their times are in the section `stages`. */
const STAGES = ['now', 't+2', 't+10'] as const;

const common = {
  description: words().optional().describe('What it proves, for messages.'),
  environments: onlyIn(),
  stages: z
    .array(z.enum(STAGES))
    .min(1)
    .default([...STAGES])
    .describe('When it is asked: now, t+2, t+10. Default: at all three'),
  timeout: duration({ max: 300_000 })
    .prefault('5s')
    .describe('Longest time for one answer; later means error. Default: 5s'),
};

/** While breakers are open and flags are off: another expectation, or no question at all. */
function underSafeState<T extends z.ZodType>(expect: T) {
  return z
    .union([
      z.literal('skip'),
      z.strictObject({
        expect: expect.describe('What is expected while the safe state is on.'),
      }),
    ])
    .optional()
    .describe('While the safe state is on: "skip", or another expect. Left out: the same expect.');
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const pointer = checkedText('^/', (value) =>
  value.startsWith('/')
    ? undefined
    : { message: `"${value}" is not a JSON pointer`, remedy: 'Write a path such as "/status".' },
);

const status = z.int().min(100).max(599);
const answer = z.strictObject({
  status: z
    .union([status, z.array(status).min(1)])
    .default(200)
    .describe('Accepted status or list of them. Default: 200'),
  body_contains: words().optional().describe('Text that the body has to contain.'),
  json: z
    .record(pointer, scalar)
    .optional()
    .describe('Values that the JSON body has to have, by JSON pointer such as /status.'),
  within: duration({ max: 300_000 })
    .optional()
    .describe('The answer has to come within this time.'),
});

const url = checkedText('^(https?://|/)', (value) =>
  /^(https?:\/\/[^\s]+|\/[^\s]*)$/.test(value)
    ? undefined
    : {
        message: `"${value}" is not an address`,
        remedy: 'Write https://… or, with a base_url in the environment, a path such as "/health".',
      },
).describe('Address, or a path that follows the base_url of the environment.');

const request = {
  url,
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
    .default('GET')
    .describe('Method. Default: GET'),
  headers: z
    .record(words(), z.string())
    .default({})
    .describe('Headers. A secret value is written as env:NAME or ssm:/path. Default: none'),
  body: z
    .json()
    .optional()
    .describe(
      'Body: a text as it is, anything else as JSON. A text that is env:NAME or ssm:/path is replaced by its value; {unique} by a fresh id. Left out: none.',
    ),
};

const http = z.strictObject({
  kind: z.literal('http').describe('One HTTP request.'),
  ...common,
  ...request,
  expect: answer.prefault({}).describe('What the answer has to be.'),
  under_safe_state: underSafeState(answer),
});

const step = z.strictObject({
  name: words().describe('What this step does, for messages.'),
  ...request,
  capture: z
    .record(identifier(), pointer)
    .default({})
    .describe('Values to keep from the JSON answer; later steps use them as {NAME}. Default: none'),
  expect: answer.prefault({}).describe('What the answer has to be.'),
  under_safe_state: underSafeState(answer),
});

const journey = z.strictObject({
  kind: z.literal('journey').describe('HTTP requests one after another, as a user makes them.'),
  ...common,
  steps: z.array(step).min(1).max(50).describe('The requests, in order.'),
  under_safe_state: z
    .literal('skip')
    .optional()
    .describe(
      '"skip": not asked while the safe state is on. Steps may have their own expectation.',
    ),
});

const sqlAnswer = z.strictObject({
  value: scalar.optional().describe('The first column of the first row has to be this.'),
  at_least: z
    .number()
    .optional()
    .describe('The first column of the first row has to be this or more.'),
  rows: z.int().min(0).optional().describe('Exact number of rows.'),
});

const sql = z.strictObject({
  kind: z.literal('sql').describe('A query that reads only.'),
  ...common,
  database: identifier().describe('A database of the section databases.'),
  query: words().describe('The query; runs in a read-only transaction.'),
  expect: sqlAnswer.default({}).describe('What it has to answer. Default: any answer'),
  under_safe_state: underSafeState(sqlAnswer),
});

const flagsSafe = z.strictObject({
  kind: z.literal('flags-safe').describe('The flags have their safe values.'),
  ...common,
  groups: selection('Groups that are looked at').default('all'),
  acknowledged: z
    .boolean()
    .default(true)
    .describe('Whether every running instance must have said that it applied them. Default: true'),
});

const breakerState = z.enum(['open', 'closed', 'any']);
const breakers = z.strictObject({
  kind: z.literal('breakers').describe('The circuit breakers are in the expected state.'),
  ...common,
  providers: selection('Providers that are looked at').default('all'),
  expect: breakerState
    .default('closed')
    .describe('State without the safe state. "any": readable is enough. Default: closed'),
  under_safe_state: underSafeState(breakerState).prefault({ expect: 'open' }),
});

const metric = z.strictObject({
  kind: z.literal('metric').describe('A measured value, asked repeatedly.'),
  ...common,
  signal: identifier().describe('A signal such as error_rate, or one of the section metrics.'),
  expect: threshold.describe('Bounds in which the value is good, such as below: "1%".'),
  under_safe_state: underSafeState(threshold),
  every: duration({ min: 1_000, max: 600_000 })
    .prefault('15s')
    .describe('Time between two measurements. Default: 15s'),
  consecutive: z
    .int()
    .min(1)
    .default(3)
    .describe('Good measurements in a row that mean passed. Default: 3'),
  failure_limit: z
    .int()
    .min(0)
    .default(0)
    .describe('Bad measurements that are forgiven before it means failed. Default: 0'),
});

const commandAnswer = z.strictObject({
  exit_code: z.int().min(0).max(255).default(0).describe('Exit code. Default: 0'),
  stdout_contains: words().optional().describe('Text that its output has to contain.'),
});

const command = z.strictObject({
  kind: z.literal('command').describe('A program on this machine.'),
  ...common,
  run: argv().describe('Program and arguments; changes nothing.'),
  cwd: words().default('.').describe('Folder to run in, relative to this file. Default: .'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), reference())
    .default({})
    .describe('Environment variables, each by reference. Default: none'),
  expect: commandAnswer.prefault({}).describe('How it has to end.'),
  under_safe_state: underSafeState(commandAnswer),
});

export const checks = named(
  z.discriminatedUnion('kind', [http, journey, sql, flagsSafe, breakers, metric, command]),
);
