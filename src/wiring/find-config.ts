import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { EnvironmentVariables } from '../config/environment.ts';
import { type LoadedConfig, loadConfig, parseConfig } from '../config/load.ts';
import { BackoutError } from '../model/error.ts';
import { readPublished } from './published-config.ts';

export interface FoundConfig {
  loaded: LoadedConfig;
  /** The file relative paths start at, also when the content came from git. */
  file: string;
  /** What a person should know about which content counts. */
  notices: string[];
}

const NAME = 'backout.yml';

/**
 * Which `backout.yml` counts: the one named, else the one on the default branch of the repository
 * we are in, never the one of the tag or branch that happens to be checked out. Outside a
 * repository, the file as it is.
 * @param unpublished what to do in a repository whose default branch has none, or cannot be read:
 *   it decides who may approve and which programs run, so only an emergency and `check` go on
 * @throws BackoutError E_CONFIG_FILE, E_CONFIG, E_CONFIG_UNPUBLISHED (refused)
 */
export async function findConfig(
  named: string | undefined,
  cwd: string,
  variables: EnvironmentVariables,
  unpublished: 'refuse' | 'use',
): Promise<FoundConfig> {
  if (named !== undefined) {
    const file = resolve(cwd, named);
    return { loaded: await loadConfig(file), file, notices: [] };
  }
  const file = await searchUpwards(cwd);
  const published = await readPublished(file, variables);
  switch (published.kind) {
    case 'no-repository':
      return { loaded: await loadConfig(file), file, notices: [] };
    case 'unpublished': {
      if (unpublished === 'refuse') throw notPublished(published.why);
      const notice = `${NAME} is not published (${published.why}); using the one in this folder.`;
      return { loaded: await loadConfig(file), file, notices: [notice] };
    }
    case 'published': {
      const loaded = parseConfig(published.bytes, { file: `${published.ref}:${NAME}` });
      const here = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      const notice = `Using ${NAME} of ${published.ref}; the one in this folder differs and does not count.`;
      return { loaded, file, notices: here === loaded.hash ? [] : [notice] };
    }
    default:
      return published satisfies never;
  }
}

function notPublished(why: string): BackoutError {
  return new BackoutError({
    code: 'E_CONFIG_UNPUBLISHED',
    kind: 'refused',
    message: `Which ${NAME} counts is not known: ${why}.`,
    remedy: `Put it on the default branch (then \`git fetch\`), or name a file you trust: --config ${NAME}.`,
  });
}

async function searchUpwards(cwd: string): Promise<string> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, NAME);
    const found = await access(file).then(
      () => true,
      () => false,
    );
    if (found) return file;
    if (folder === dirname(folder)) break;
  }
  throw new BackoutError({
    code: 'E_CONFIG_FILE',
    kind: 'usage',
    message: `There is no ${NAME} in ${cwd} or above.`,
    remedy: 'Go to the repository of the service, or name the file with --config.',
  });
}
