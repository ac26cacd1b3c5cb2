import { existsSync } from 'node:fs';
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
  if (!isInRepository(directory)) return { kind: 'no-repository' };
  const git = { directory, env, program: 'git', timeoutMs: GIT_CAP_MS };
  const ask = async (...args: string[]): Promise<Buffer | undefined> => {
    const answer = await runGit(git, args);
    return answer.code === 0 ? answer.stdout : undefined;
  };
  try {
    // All at once: it is in the way of the first thing that somebody sees.
    const [top, remotes, head] = await Promise.all([
      ask('rev-parse', '--show-toplevel'),
      ask('remote'),
      ask('symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD'),
    ]);
    if (top === undefined) return { kind: 'unpublished', why: 'git does not know this folder' };
    const path = relative(top.toString('utf8').trim(), file);
    const refs = defaultBranches(wordsOf(remotes), wordsOf(head));
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

function wordsOf(answer: Buffer | undefined): string {
  return answer?.toString('utf8').trim() ?? '';
}

/** Names of branches to look on, the first that has the file counts. */
function defaultBranches(remotes: string, head: string): string[] {
  if (remotes === '') return ['refs/heads/main', 'refs/heads/master'];
  return head === '' ? ['refs/remotes/origin/main', 'refs/remotes/origin/master'] : [head];
}

/** Asked of the file system: a git that is missing, slow or suspicious is no "not a repository". */
function isInRepository(directory: string): boolean {
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return true;
    if (folder === dirname(folder)) return false;
  }
}
