/** The code of each function with the configuration beside it, as Lambda gets it. */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BackoutError } from '../src/model/error.ts';
import { BUILT } from './permissions.ts';

/**
 * Makes one folder for each function: the parts of its bundle, and backout.yml.
 * @param bundles folder of the built bundles, `actions/dist`
 * @param folder gets the folders
 * @throws BackoutError E_BUNDLE (usage) naming every function whose bundle is not there
 */
export async function layOutFunctions(
  bundles: string,
  configFile: string,
  folder: string,
): Promise<void> {
  const files = await readdir(bundles);
  const missing = BUILT.filter((name) => !files.includes(`${name}.mjs`));
  if (missing.length > 0) {
    throw new BackoutError({
      code: 'E_BUNDLE',
      kind: 'usage',
      message: `${bundles} has no bundle of: ${missing.join(', ')}.`,
      state: 'Nothing was deployed.',
      remedy: 'Make them: `npm run bundle`.',
    });
  }
  for (const name of BUILT) {
    const place = join(folder, name);
    await mkdir(place, { recursive: true });
    // The parser of PostgreSQL is loaded from beside the part that needs it.
    const own = files.filter(
      (file) =>
        file === `${name}.mjs` ||
        (file.startsWith(`${name}-`) && file.endsWith('.mjs')) ||
        file.endsWith('.wasm'),
    );
    for (const file of own) await copyFile(join(bundles, file), join(place, file));
    await copyFile(configFile, join(place, 'backout.yml'));
  }
}
