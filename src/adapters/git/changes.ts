import type { Changes } from '../../model/description.ts';
import { type GitAnswer, type GitOptions, runGit } from './run-git.ts';

/**
 * How much lies between two commits, by two processes side by side.
 * @param folder from the root of the repository: only what touches it counts; undefined = everything
 * @returns git's answer when it has none
 */
export async function countChanges(
  git: GitOptions,
  { from, to, folder, limit }: { from: string; to: string; folder?: string; limit: number },
): Promise<Changes | GitAnswer> {
  const [log, difference] = await Promise.all([
    runGit(inFolder(git, folder), ['rev-list', '--count', to, `^${from}`, ...pathsOf(folder)]),
    changedPaths(git, { from, to, folder }),
  ]);
  if (log.code !== 0) return log;
  if (!Array.isArray(difference)) return difference;
  return {
    commits: Number(log.stdout.toString('utf8').trim()),
    files: difference.length,
    paths: difference.slice(0, Math.max(0, Math.floor(limit))),
  };
}

/**
 * Paths of all files that differ between two commits. Folders that are the same are not looked into,
 * so that it costs what changed, not what there is.
 */
async function changedPaths(
  git: GitOptions,
  { from, to, folder }: { from: string; to: string; folder?: string | undefined },
): Promise<string[] | GitAnswer> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-ext-diff', from, to];
  const answer = await runGit(inFolder(git, folder), [...args, ...pathsOf(folder)]);
  if (answer.code !== 0) return answer;
  return answer.stdout.toString('utf8').split('\0').filter(Boolean);
}

/** Arguments that limit a command to a folder of the repository, wherever in it git is started. */
export function pathsOf(folder: string | undefined): string[] {
  return folder === undefined ? ['--'] : ['--', `:(top,literal)${folder}`];
}

/** Such a path is no plain one: git has to be told to read its beginning. */
export function inFolder(git: GitOptions, folder: string | undefined): GitOptions {
  return folder === undefined ? git : { ...git, readPathMagic: true };
}
