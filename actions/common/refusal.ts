import { ConfigError, describeProblems } from '../../src/config/problems.ts';
import type { BackoutError } from '../../src/model/error.ts';

/** An annotation holds some thousand characters, and nobody mends more at once. */
const MOST_LINES = 10;

/** What happened: the message and, for a configuration, the first of its problems with their lines. */
export function whatHappened(error: BackoutError): string[] {
  const problems = error instanceof ConfigError ? describeProblems(error) : [];
  const rest = problems.length - MOST_LINES;
  return [
    error.message,
    ...problems.slice(0, MOST_LINES),
    ...(rest > 0 ? [`… and ${rest} more: \`backout check\` tells them all.`] : []),
  ];
}
