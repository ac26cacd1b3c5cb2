import { readFile } from 'node:fs/promises';
import { BackoutError, describeCause } from '../model/error.ts';

/** The bytes of a configuration file. @throws BackoutError E_CONFIG_FILE (usage) */
export async function readConfigFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new BackoutError({
      code: 'E_CONFIG_FILE',
      kind: 'usage',
      message: `${file} cannot be read: ${describeCause(cause)}.`,
      remedy: 'Run the command where backout.yml is, or name the file with --config.',
      cause,
    });
  }
}
