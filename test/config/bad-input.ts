/** What the tests of bad configurations share. */
import { parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';

/** A head that is right, so that each case shows only what is wrong. */
export const HEAD =
  'service: shop\nenvironments: { production: { redis: { url: "env:REDIS" } } }\n';

/** A text that marks the line at fault with `#!`, and parts of what has to be said about it. */
export type BadInput = [name: string, text: string, message: string, remedy: string];

/** The error of a text that cannot be used. */
export function errorOf(text: string | Uint8Array): ConfigError {
  try {
    parseConfig(text, { file: 'backout.yml' });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('this configuration was accepted');
}

/** What is said about a text, and the line that it marks as the one at fault. */
export function examine(text: string) {
  const [problem, ...others] = errorOf(text).problems;
  const marked = text.split('\n').findIndex((line) => line.includes('#!')) + 1;
  // One mark missing in YAML may end two blocks; everything else is said once.
  const isYaml = problem?.message.startsWith('this is not valid YAML') ?? false;
  return { problem, others: isYaml ? [] : others, marked };
}
