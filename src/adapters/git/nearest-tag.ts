import type { EnvironmentVariables } from '../../config/environment.ts';
import { isTagFormat } from '../../model/release.ts';
import { isShallow, shallow } from './repository.ts';
import { type GitOptions, runGit } from './run-git.ts';

/**
 * The newest tag that a commit comes from, as `git describe` counts; undefined when there is none.
 * @param commit one that is there, by its name
 * @throws BackoutError E_SHALLOW when there is none, but the clone is cut off
 */
export async function nearestTag(
  options: { directory: string; env: EnvironmentVariables },
  commit: string,
): Promise<string | undefined> {
  const git: GitOptions = { ...options, program: 'git', timeoutMs: 10_000 };
  const args = ['describe', '--tags', '--abbrev=0', '--end-of-options', commit];
  const answer = await runGit(git, args);
  const tag = answer.stdout.toString('utf8').trim();
  if (answer.code === 0 && isTagFormat(tag)) return tag;
  if (await isShallow(git)) throw shallow(git, 'has no tags');
  return undefined;
}
