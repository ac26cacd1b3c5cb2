import type { EnvironmentVariables } from '../../config/environment.ts';
import {
  expectationsIn,
  type Judgement,
  judgeByAny,
  type UnderSafeState,
} from '../../model/expectation.ts';
import type { Check } from '../../ports/checks.ts';
import { type Clock, timestamp } from '../../ports/clock.ts';
import { type CommandEnd, runCommand } from './run-command.ts';

/** As much of the output as run-command.ts keeps for an answer. */
const READ_BYTES = 64 * 1024;
/** What `env`, `timeout` and shells answer when the program behind them cannot be run (POSIX). */
const NOT_RUN = [126, 127];

/** Named as in `backout.yml`. */
export interface CommandExpectation {
  exit_code: number;
  stdout_contains?: string | undefined;
}

export interface CommandCheckOptions {
  name: string;
  stages: readonly string[];
  /** Program and arguments; no shell reads them. */
  argv: readonly string[];
  cwd: string;
  env: EnvironmentVariables;
  /** Values that must not appear in a reason. */
  secrets: readonly string[];
  expect: CommandExpectation;
  underSafeState?: UnderSafeState<CommandExpectation>;
  /** After this the program and all that it started are ended: error. In milliseconds. */
  timeoutMs: number;
  clock: Clock;
}

/**
 * A program that answers by its exit code. It speaks only by ending by itself: one that could not
 * be started, was ended by us or by somebody else has said nothing about the service.
 */
export function commandCheck(options: CommandCheckOptions): Check {
  const { name, stages, clock, argv, cwd, env, secrets, timeoutMs } = options;
  return {
    name,
    stages,
    async run(context) {
      const expectations = expectationsIn(context, options.expect, options.underSafeState);
      if (expectations === undefined) return undefined;
      const at = timestamp(clock);
      const start = performance.now();
      const { signal } = context;
      const end = await runCommand({ argv, cwd, env, secrets, timeoutMs, signal });
      const judgement = judgeByAny(expectations, (expected) => judge(end, expected, timeoutMs));
      const duration_ms = Math.round(performance.now() - start);
      return { check: name, ...judgement, duration_ms, at };
    },
  };
}

function judge(end: CommandEnd, expected: CommandExpectation, timeoutMs: number): Judgement {
  switch (end.how) {
    case 'not-started':
      return { verdict: 'error', reason: `It did not start: ${end.problem}.` };
    case 'stopped': {
      const why = end.why === 'timeout' ? `did not end within ${timeoutMs} ms` : 'was stopped';
      const rest = end.gone ? '' : ' Something of it may still be running.';
      return { verdict: 'error', reason: `The program ${why}.${rest}` };
    }
    case 'killed':
      return { verdict: 'error', reason: `The program was ended by ${end.signal}.` };
    case 'exited':
      return judgeExit(end, expected);
    default:
      return end satisfies never;
  }
}

function judgeExit(
  { code, answer, tail }: Extract<CommandEnd, { how: 'exited' }>,
  { exit_code: wanted, stdout_contains: text }: CommandExpectation,
): Judgement {
  if (code !== wanted) {
    const last = tail.split('\n').at(-1) ?? '';
    const said = last === '' ? '' : ` It said: ${last}`;
    const reason = `Exit code ${code}, expected ${wanted}.${said}`;
    if (NOT_RUN.includes(code)) {
      return { verdict: 'error', reason: `${reason} The program behind it was not run.` };
    }
    return { verdict: 'failed', reason: /[.!?]$/.test(reason) ? reason : `${reason}.` };
  }
  if (text === undefined || answer.includes(text)) {
    return { verdict: 'passed', reason: `Exit code ${code} as expected.` };
  }
  if (Buffer.byteLength(answer) >= READ_BYTES) {
    return { verdict: 'error', reason: 'It printed more than is read, so its end is not known.' };
  }
  return {
    verdict: 'failed',
    reason: `Its output does not contain ${JSON.stringify(text)}.`,
  };
}
