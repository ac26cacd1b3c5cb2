/** Names of parameters below a path, and the documents that they are in the words of files. */

import type { StoredParameter } from './ssm-parameters.ts';

/** What comes after the path and its slash. */
export function relativeName(path: string, name: string): string {
  return name.slice(path.length + 1);
}

/** The log of overrides as the file store has it, so that one reader understands both. */
export function overrideFiles(
  path: string,
  stored: readonly Pick<StoredParameter, 'name' | 'value'>[],
): Record<string, string> {
  return Object.fromEntries(
    stored.map(({ name, value }) => [`${relativeName(path, name)}.json`, value]),
  );
}
