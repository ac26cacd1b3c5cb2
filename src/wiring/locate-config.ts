import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { EnvironmentVariables } from '../config/environment.ts';
import { readConfigFile } from '../config/read-file.ts';
import { BackoutError } from '../model/error.ts';
import { readPublished } from './published-config.ts';

/** The configuration that counts, found and not read yet. */
export interface LocatedConfig {
  bytes: Buffer;
  /** The file relative paths start at, also when the content came from git. */
  file: string;
  /** Where the content is from, for messages: a path, or `origin/main:backout.yml`. */
  origin: string;
  /** What a person should know about which content counts. */
  notices: string[];
}

const NAME = 'backout.yml';

/**
 * Which `backout.yml` counts: the one named, else the one on the default branch of the repository
 * we are in, never the one of the tag or branch that happens to be checked out. Outside a
 * repository, the file as it is.
 *
 * Apart from what understands the content, and git is asked before the first wait: so the Action
 * loads the one while the other works.
 * @param unpublished what to do in a repository whose default branch has none, or cannot be read:
 *   it decides who may approve and which programs run, so only an emergency and `check` go on
 * @throws BackoutError E_CONFIG_FILE, E_CONFIG_UNPUBLISHED (refused)
 */
export async function locateConfig(
  named: string | undefined,
  cwd: string,
  variables: EnvironmentVariables,
  unpublished: 'refuse' | 'use',
): Promise<LocatedConfig> {
  if (named !== undefined) return await asItIs(resolve(cwd, named));
  const file = searchUpwards(cwd);
  const published = await readPublished(file, variables);
  switch (published.kind) {
    case 'no-repository':
      return await asItIs(file);
    case 'unpublished': {
      if (unpublished === 'refuse') throw notPublished(published.why);
      const notice = `${NAME} is not published (${published.why}); using the one in this folder.`;
      return { ...(await asItIs(file)), notices: [notice] };
    }
    case 'published': {
      const { bytes, ref } = published;
      const differs = !bytes.equals(await readConfigFile(file));
      const notice = `Using ${NAME} of ${ref}; the one in this folder differs and does not count.`;
      return { bytes, file, origin: `${ref}:${NAME}`, notices: differs ? [notice] : [] };
    }
    default:
      return published satisfies never;
  }
}

async function asItIs(file: string): Promise<LocatedConfig> {
  return { bytes: await readConfigFile(file), file, origin: file, notices: [] };
}

function notPublished(why: string): BackoutError {
  return new BackoutError({
    code: 'E_CONFIG_UNPUBLISHED',
    kind: 'refused',
    message: `Which ${NAME} counts is not known: ${why}.`,
    remedy: `Put it on the default branch (then \`git fetch\`), or name a file you trust: --config ${NAME}.`,
  });
}

function searchUpwards(cwd: string): string {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, NAME);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) break;
  }
  throw new BackoutError({
    code: 'E_CONFIG_FILE',
    kind: 'usage',
    message: `There is no ${NAME} in ${cwd} or above.`,
    remedy: 'Go to the repository of the service, or name the file with --config.',
  });
}
