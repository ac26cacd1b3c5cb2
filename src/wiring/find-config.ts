import { access } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { runGit } from '../adapters/git/run-git.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { type LoadedConfig, loadConfig, parseConfig } from '../config/load.ts';
import { BackoutError } from '../model/error.ts';

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
 * @throws BackoutError E_CONFIG_FILE, E_CONFIG
 */
export async function findConfig(
  named: string | undefined,
  cwd: string,
  variables: EnvironmentVariables,
): Promise<FoundConfig> {
  if (named !== undefined) {
    const file = resolve(cwd, named);
    return { loaded: await loadConfig(file), file, notices: [] };
  }
  const file = await searchUpwards(cwd);
  // A broken file in the work tree must not keep anybody from the one that counts.
  const here = await loadConfig(file).catch((error: unknown) => ({ error }));
  const branch = 'error' in here ? 'main' : here.config.repository.default_branch;
  const published = await readPublished(file, branch, variables);
  if (published === undefined) {
    if ('error' in here) throw here.error;
    return { loaded: here, file, notices: [] };
  }
  const loaded = parseConfig(published.bytes, { file: `${published.ref}:${NAME}` });
  const same = !('error' in here) && here.hash === loaded.hash;
  const notice = `Using ${NAME} of ${published.ref}; the one in this folder differs and does not count.`;
  return { loaded, file, notices: same ? [] : [notice] };
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

/** The published content: on the remote's default branch if there is one, else on the local one. */
async function readPublished(
  file: string,
  branch: string,
  env: EnvironmentVariables,
): Promise<{ bytes: Buffer; ref: string } | undefined> {
  const directory = dirname(file);
  const git = { directory, env, program: 'git', timeoutMs: 5_000 };
  const ask = async (...args: string[]): Promise<Buffer | undefined> => {
    const answer = await runGit(git, args).catch(() => undefined);
    return answer?.code === 0 ? answer.stdout : undefined;
  };
  const top = await ask('rev-parse', '--show-toplevel');
  if (top === undefined) return undefined;
  const path = relative(top.toString('utf8').trim(), file);
  for (const ref of [`refs/remotes/origin/${branch}`, `refs/heads/${branch}`]) {
    const bytes = await ask('show', '--end-of-options', `${ref}:${path}`);
    if (bytes !== undefined) return { bytes, ref: ref.replace(/^refs\/(remotes|heads)\//, '') };
  }
  return undefined;
}
