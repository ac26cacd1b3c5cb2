import type { EnvironmentVariables } from '../../config/environment.ts';
import { BackoutError } from '../../model/error.ts';
import { tagNotFound } from '../../model/nearest.ts';
import { isTagFormat } from '../../model/release.ts';
import type { Repository } from '../../ports/releases.ts';
import { findCommit, isShallow, shallow } from './repository.ts';
import { type GitOptions, repositoryError, runGit } from './run-git.ts';

export interface NamedCommitsOptions {
  /** A clone, or any folder in it. Bare clones work too. */
  directory: string;
  env: EnvironmentVariables;
}

/**
 * Releases by any name that git knows, in a repository that Backout knows nothing of: no pattern of
 * tags, no `backout.yml`.
 */
export function namedCommits(options: NamedCommitsOptions): {
  resolve(name: string): Promise<string>;
} & Pick<Repository, 'isAncestor'> {
  const git: GitOptions = { ...options, program: 'git', timeoutMs: 10_000 };
  return {
    /** Of commits that `resolve` found. @throws BackoutError E_SHALLOW */
    async isAncestor(ancestor, commit) {
      const args = ['merge-base', '--is-ancestor', '--end-of-options', ancestor, commit];
      const answer = await runGit(git, args);
      if (answer.code === 0) return true;
      if (answer.code !== 1) throw repositoryError(git, `git says: ${answer.complaint}`);
      // Only "not reachable" may be wrong in a history that is cut off.
      if (await isShallow(git)) throw shallow(git, 'is cut off before the two commits meet');
      return false;
    },
    /** @throws BackoutError E_TAG_FORMAT, E_TAG_NOT_FOUND (usage), E_SHALLOW */
    async resolve(name) {
      requireName(name);
      const commit = await findCommit(git, name);
      if (commit !== undefined) return commit;
      if (await isShallow(git)) throw shallow(git, `does not have ${name}`);
      throw tagNotFound(
        name,
        await tagNames(git),
        'See `git tag --list`. If it is new here, run `git fetch --tags` first.',
      );
    },
  };
}

function requireName(name: string): void {
  if (isTagFormat(name)) return;
  throw new BackoutError({
    code: 'E_TAG_FORMAT',
    kind: 'usage',
    message: `${JSON.stringify(name.slice(0, 80))} is not the name of a release: letters, digits, . _ / - + @ only.`,
    remedy: 'Copy the name from `git tag --list`.',
  });
}

/** Newest first; names that no release can have are left out. */
async function tagNames(git: GitOptions): Promise<string[]> {
  const args = [
    'for-each-ref',
    '--sort=-creatordate',
    '--format=%(refname:lstrip=2)',
    'refs/tags/',
  ];
  const answer = await runGit(git, args);
  if (answer.code !== 0) throw repositoryError(git, `git says: ${answer.complaint}`);
  return answer.stdout.toString('utf8').split('\n').filter(isTagFormat);
}
