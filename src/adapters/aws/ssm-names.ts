/** Names of parameters below a path, and the documents that they are in the words of files. */

import { type DocumentText, formatOverride } from '../../model/flag-documents.ts';
import { newestOverrides } from '../../model/parameter-log.ts';
import type { StoredParameter } from './ssm-parameters.ts';

/** What comes after the path and its slash. */
export function relativeName(path: string, name: string): string {
  return name.slice(path.length + 1);
}

type Stored = readonly Pick<StoredParameter, 'name' | 'value'>[];

/** Texts by name below the path. */
export function documentsBelow(path: string, stored: Stored): Record<string, DocumentText> {
  return Object.fromEntries(
    stored.map(({ name, value }) => [relativeName(path, name), value] as const),
  );
}

/** What holds of each incident, as the file store has it, so that one reader understands both. */
export function overrideFiles(path: string, stored: Stored): Record<string, DocumentText> {
  const newest = newestOverrides(documentsBelow(path, stored));
  return Object.fromEntries(
    [...newest].map(([incident, { override }]) => [
      `${incident}.json`,
      override.mode === 'unreadable' ? null : formatOverride(override),
    ]),
  );
}
