import { resolve } from 'node:path';
import { openFileFlags } from '../adapters/file/flags.ts';
import type { Stores, StoresContext } from './stores.ts';

/** The flags, where the configuration keeps them. */
export async function openFlags({
  scope,
  stateDirectory,
}: StoresContext): Promise<Pick<Stores, 'flags' | 'editor'>> {
  const files = openFileFlags({ directory: resolve(stateDirectory, 'flags'), scope });
  return {
    // An emergency can only make safe: it is handed nothing that could lift or edit.
    flags: {
      read: () => files.read(),
      overrides: () => files.overrides(),
      engage: (override) => files.engage(override),
    },
    editor: files,
  };
}
