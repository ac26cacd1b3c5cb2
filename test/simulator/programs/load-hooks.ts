/** What is changed when modules are loaded for a simulation; nothing in the tree is. */

import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A planted bug: one small change of one source file. */
export interface TextChange {
  /** From the root of the repository. */
  file: string;
  find: string;
  replace: string;
}

const root = new URL('../../../', import.meta.url);
const spoolDirectory = new URL('./spool-directory.ts', import.meta.url).href;

/** @throws {Error} when what a change looks for is not there exactly once */
export function changeText({ file, find, replace }: TextChange, text: string): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`"${find}" is ${parts.length - 1} times in ${file}; it has to be there once.`);
  }
  return parts.join(replace);
}

/** The text of the file of a change, as it is in the tree. */
export function readSource({ file }: TextChange): string {
  return readFileSync(new URL(file, root), 'utf8');
}

/** Puts the spool's folder into memory and, when there is one, the planted bug into its file. */
export function changeModules(change: TextChange | undefined): void {
  const changed = change && new URL(change.file, root).href;
  registerHooks({
    resolve(specifier, context, next) {
      const ofSpool = context.parentURL?.includes('/src/adapters/file/spool') ?? false;
      if (ofSpool && specifier === './spool-directory.ts') {
        return { url: spoolDirectory, format: 'module-typescript', shortCircuit: true };
      }
      return next(specifier, context);
    },
    load(url, context, next) {
      if (change === undefined || url !== changed) return next(url, context);
      const text = readFileSync(fileURLToPath(url), 'utf8');
      return { format: 'module-typescript', source: changeText(change, text), shortCircuit: true };
    },
  });
}
