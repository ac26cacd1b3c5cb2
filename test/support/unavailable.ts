/**
 * How a test says that it cannot run on this machine. There are no silent skips: the reporter
 * (closing-lines.ts) prints reason and remedy, and fails the run for a skip without them.
 */

import type { TestContext } from 'vitest';

export interface Unavailable {
  /** What could not run, as the start of a sentence: `Tests with Redis`. */
  what: string;
  /** Why, as a sentence. */
  reason: string;
  /** What a person does about it; may have several lines. */
  remedy: string;
}

const pattern = /^COULD NOT RUN: (.*)\nWHY: (.*?)\nREMEDY: (.*)$/s;

/** For something the README promises on every machine: thrown, it fails the test. */
export function couldNotRun(unavailable: Unavailable): Error {
  return new Error(textOf(unavailable));
}

/**
 * For something that only some machines can have (apt on a Mac). Ends the test as skipped; where
 * `CI` is set the run then fails.
 */
export function skipBecause(context: TestContext, unavailable: Unavailable): never {
  return context.skip(textOf(unavailable));
}

/** For tests that look at other processes through /proc, which only Linux has. */
export function skipWithoutProc(context: TestContext): never {
  return skipBecause(context, {
    what: 'Looking at processes through /proc',
    reason: 'This system has no /proc.',
    remedy: 'Run the tests on Linux, for example: docker run -it debian:12',
  });
}

/** The opposite of the functions above; undefined for any other text. */
export function readUnavailable(text: string): Unavailable | undefined {
  const [, what, reason, remedy] = text.match(pattern) ?? [];
  if (what === undefined || reason === undefined || remedy === undefined) return undefined;
  return { what, reason, remedy };
}

function textOf({ what, reason, remedy }: Unavailable): string {
  return `COULD NOT RUN: ${what}\nWHY: ${reason}\nREMEDY: ${remedy}`;
}
