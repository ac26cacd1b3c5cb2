import { access } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { runGit } from '../adapters/git/run-git.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { describeCause } from '../model/error.ts';

/** Longest time for one question to git, in milliseconds: an emergency waits for it too. */
const GIT_CAP_MS = 2_000;

/** What git says about the published content of a file. */
export type Published =
  | { kind: 'published'; bytes: Buffer; ref: string }
  /** There is no repository around the file: it counts as it is. */
  | { kind: 'no-repository' }
  | { kind: 'unpublished'; why: string };

/**
 * Reads a file as the default branch has it. Which branch that is says the remote, never the work
 * tree: a branch must not be able to name itself. Without a remote, the local main or master.
 */
export async function readPublished(file: string, env: EnvironmentVariables): Promise<Published> {
  const directory = dirname(file);
  if (!(await isInRepository(directory))) return { kind: 'no-repository' };
  const git = { directory, env, program: 'git', timeoutMs: GIT_CAP_MS };
  const ask = async (...args: string[]): Promise<Buffer | undefined> => {
    const answer = await runGit(git, args);
    return answer.code === 0 ? answer.stdout : undefined;
  };
  try {
    const top = await ask('rev-parse', '--show-toplevel');
    if (top === undefined) return { kind: 'unpublished', why: 'git does not know this folder' };
    const path = relative(top.toString('utf8').trim(), file);
    const refs = await defaultBranches(ask);
    for (const ref of refs) {
      const bytes = await ask('show', '--end-of-options', `${ref}:${path}`);
      const name = ref.replace(/^refs\/(remotes|heads)\//, '');
      if (bytes !== undefined) return { kind: 'published', bytes, ref: name };
    }
    const looked = refs.map((ref) => ref.replace(/^refs\/(remotes|heads)\//, '')).join(', ');
    return { kind: 'unpublished', why: `it is not on ${looked}` };
  } catch (error) {
    return { kind: 'unpublished', why: describeCause(error) };
  }
}

async function defaultBranches(
  ask: (...args: string[]) => Promise<Buffer | undefined>,
): Promise<string[]> {
  const remotes = (await ask('remote'))?.toString('utf8').trim() ?? '';
  if (remotes === '') return ['refs/heads/main', 'refs/heads/master'];
  const head = (await ask('symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD'))
    ?.toString('utf8')
    .trim();
  return head === undefined || head === ''
    ? ['refs/remotes/origin/main', 'refs/remotes/origin/master']
    : [head];
}

/** Asked of the file system: a git that is missing, slow or suspicious is no "not a repository". */
async function isInRepository(directory: string): Promise<boolean> {
  for (let folder = directory; ; folder = dirname(folder)) {
    const found = await access(join(folder, '.git')).then(
      () => true,
      () => false,
    );
    if (found) return true;
    if (folder === dirname(folder)) return false;
  }
}
