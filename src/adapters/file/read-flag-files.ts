/** Reads the folder of one service and environment, as text. Layout: docs/contract.md. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scope } from '../../model/scope.ts';
import { errorCode } from './durable-write.ts';
import type { DocumentText } from '../../model/flag-documents.ts';
import { newestDocuments } from '../../model/override-log.ts';

/** Documents by file name. Of the overrides, only each incident's newest. */
export interface FlagFiles {
  base: Readonly<Record<string, DocumentText>>;
  safe: Readonly<Record<string, DocumentText>>;
  overrides: Readonly<Record<string, DocumentText>>;
}

type Kind = keyof FlagFiles;

export function scopeDirectory(directory: string, scope: Scope): string {
  return join(directory, scope.service, scope.environment);
}

/**
 * A missing folder reads as empty: nothing has been published yet.
 * @throws the error of the file system when the reading as a whole did not work
 */
export async function readFlagFiles(directory: string, scope: Scope): Promise<FlagFiles> {
  const root = scopeDirectory(directory, scope);
  const [base, safe, overrides] = await Promise.all([
    readDocuments(root, 'base'),
    readDocuments(root, 'safe'),
    readDocuments(root, 'overrides'),
  ]);
  return { base, safe, overrides };
}

/** Only the overrides: all that an emergency needs. @throws as {@link readFlagFiles} */
export async function readOverrideFiles(
  directory: string,
  scope: Scope,
): Promise<FlagFiles['overrides']> {
  return readDocuments(scopeDirectory(directory, scope), 'overrides');
}

async function readDocuments(root: string, kind: Kind): Promise<Record<string, DocumentText>> {
  for (let attempt = 1; ; attempt += 1) {
    const files = await listDocuments(join(root, kind), kind);
    const texts = await Promise.all(files.map((file) => readDocument(join(root, kind, file))));
    // Gone since it was listed: an older document was tidied away. Look again, once; a name that
    // still leads nowhere (a dangling link) is a document that cannot be read.
    if (texts.includes(undefined) && attempt === 1) continue;
    return Object.fromEntries(files.map((file, index) => [file, texts[index] ?? null]));
  }
}

async function listDocuments(directory: string, kind: Kind): Promise<string[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  if (kind === 'overrides') return [...newestDocuments(names).values()].map(({ file }) => file);
  return names.filter((name) => name.endsWith('.json') && !name.startsWith('.'));
}

/** Null: there is one that we cannot read. Undefined: there is none. */
async function readDocument(path: string): Promise<string | null | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    // These say something about the document. Others (no free file handle, out of memory) say
    // something about us, and then the reading as a whole has failed and is tried again.
    if (code === 'EACCES' || code === 'EPERM' || code === 'EISDIR' || code === 'ELOOP') return null;
    throw error;
  }
}
