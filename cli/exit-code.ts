import { BackoutError, type ErrorKind } from '../src/model/error.ts';
import type { ExecutionOutcome } from '../src/model/execution.ts';
import type { Verdict } from '../src/model/verdict.ts';

/** What every command ends with; docs/cli.md lists them. */
export const EXIT = { done: 0, failed: 1, usage: 2, uncertain: 3, refused: 4 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const OF_ERROR: Record<ErrorKind, ExitCode> = {
  failed: EXIT.failed,
  usage: EXIT.usage,
  uncertain: EXIT.uncertain,
  refused: EXIT.refused,
};

/** Being where one was asked to go is no error for a script. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (!(error instanceof BackoutError)) return EXIT.failed;
  return error.code === 'E_ALREADY_LIVE' ? EXIT.done : OF_ERROR[error.kind];
}

export function exitCodeOfOutcome(outcome: ExecutionOutcome): ExitCode {
  switch (outcome) {
    case 'done':
      return EXIT.done;
    case 'failed':
      return EXIT.failed;
    case 'partial':
    case 'unknown':
      return EXIT.uncertain;
    case 'refused':
      return EXIT.refused;
    default:
      return outcome satisfies never;
  }
}

export function exitCodeOfVerdict(verdict: Verdict): ExitCode {
  switch (verdict) {
    case 'passed':
      return EXIT.done;
    case 'failed':
      return EXIT.failed;
    case 'inconclusive':
    case 'error':
      return EXIT.uncertain;
    default:
      return verdict satisfies never;
  }
}
