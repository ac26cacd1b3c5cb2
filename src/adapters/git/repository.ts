import type { EnvironmentVariables } from '../../config/environment.ts';
import { BackoutError } from '../../model/error.ts';
import { requireTagFormat } from '../../model/release.ts';
import type { Repository } from '../../ports/releases.ts';
import { askedOnce } from './ancestry.ts';
import { countChanges, inFolder, pathsOf } from './changes.ts';
import { describeCommit } from './describe.ts';
import { readContents, readObjects } from './read-objects.ts';
import { readTags, type TagRules } from './read-tags.ts';
import { type GitAnswer, type GitOptions, repositoryError, runGit } from './run-git.ts';

export interface GitRepositoryOptions extends TagRules {
  /** A clone of the service, or any folder in it. Bare clones work too. */
  directory: string;
  /**
   * Folder of the service in a shared repository, from its root: commits and changes are then those
   * that touch it. Left out: the whole repository.
   */
  folder?: string;
  /** Variables for git: PATH, HOME. */
  env: EnvironmentVariables;
  /** Default `git`. */
  program?: string;
  /** Cap of one call of git in milliseconds. Default 10,000: 10,000 tags on a slow disk. */
  timeoutMs?: number;
}

/**
 * The releases as git knows them, read with the git binary: it reads every repository format there
 * is (packed, partial, linked work trees), which no library of ours would.
 *
 * Names given by people are checked before git sees them, and reach it as lines of input or after
 * `--end-of-options`.
 * @throws BackoutError from every method: E_GIT_MISSING, E_GIT_TIMEOUT (retryable), E_REPOSITORY
 */
export function gitRepository(options: GitRepositoryOptions): Repository {
  const git: GitOptions = {
    directory: options.directory,
    env: options.env,
    program: options.program ?? 'git',
    timeoutMs: options.timeoutMs ?? 10_000,
  };
  return {
    /** @throws BackoutError E_SHALLOW when there is no tag, but the clone is cut off */
    async tags() {
      const tags = await readTags(git, options);
      // The default checkout of CI systems has one commit and no tags: "no release" would be a lie.
      if (tags.length === 0 && (await isShallow(git))) throw shallow(git, 'has no release tags');
      return tags;
    },

    /** A tag wins over a branch of the same name, a branch over a commit. @throws E_TAG_FORMAT */
    async resolve(name) {
      requireTagFormat(name);
      return await findCommit(git, name);
    },

    /** @throws BackoutError E_SHALLOW, E_COMMIT_UNKNOWN */
    isAncestor: askedOnce(async (ancestor, commit) => {
      requireNames([ancestor, commit]);
      const args = ['merge-base', '--is-ancestor', '--end-of-options', ancestor, commit];
      const answer = await runGit(git, args);
      if (answer.code === 0) return true;
      if (answer.code !== 1) throw await explain(git, [ancestor, commit], answer);
      // What is there is true even in a cut-off history; only "not reachable" may be wrong.
      if (await isShallow(git)) throw shallow(git, 'is cut off before the two commits meet');
      return false;
    }),

    /** @throws BackoutError E_SHALLOW, E_COMMIT_UNKNOWN */
    async commitsBetween(from, to, limit) {
      requireNames([from, to]);
      const { folder } = options;
      const answer = await inWholeHistory(git, [from, to], () =>
        runGit(inFolder(git, folder), [
          'rev-list',
          '--date-order',
          '--encoding=UTF-8',
          `--max-count=${Math.max(0, Math.floor(limit))}`,
          '--format=%s',
          to,
          `^${from}`,
          ...pathsOf(folder),
        ]),
      );
      if (answer.code !== 0) throw await explain(git, [from, to], answer);
      return parseRevisions(answer.stdout.toString('utf8'));
    },

    /** @throws BackoutError E_SHALLOW, E_COMMIT_UNKNOWN */
    async changesBetween(from, to, limit) {
      requireNames([from, to]);
      const between = { from, to, limit, ...(options.folder && { folder: options.folder }) };
      const found = await inWholeHistory(git, [from, to], () => countChanges(git, between));
      if ('code' in found) throw await explain(git, [from, to], found);
      return found;
    },

    /** @throws BackoutError E_SHALLOW, E_COMMIT_UNKNOWN */
    async describe(commit) {
      requireNames([commit]);
      const found = await describeCommit(git, options, commit);
      if (found !== undefined && 'code' in found) throw await explain(git, [commit], found);
      // Beyond the cut there may be a nearer tag, and commits that were not counted. What is tagged
      // itself is sure.
      if (found?.distance !== 0 && (await isShallow(git))) {
        throw shallow(git, 'does not reach back far enough');
      }
      return found;
    },

    /** @throws BackoutError E_FILE_PATH, E_COMMIT_UNKNOWN */
    async fileAt(commit, path) {
      requireFilePath(path);
      await requireCommits(git, [commit]);
      const [file] = await readContents(git, [`${commit}:${path}`]);
      return file?.type === 'blob' ? file.content.toString('utf8') : undefined;
    },
  };
}

/** The commit of what a person may mean by a name; undefined when git knows nothing of the kind. */
export async function findCommit(git: GitOptions, name: string): Promise<string | undefined> {
  const names = meaningsOf(name).map((meaning) => `${meaning}^{commit}`);
  const found = await readObjects(git, names);
  return found.find((object) => object !== undefined)?.name;
}

/** In our order: git's own depends on what else is there. */
function meaningsOf(name: string): string[] {
  if (name === 'HEAD' || name.startsWith('refs/')) return [name];
  const prefixes = ['refs/tags/', 'refs/heads/', 'refs/remotes/', 'refs/remotes/origin/'];
  const references = prefixes.map((prefix) => prefix + name);
  return /^[0-9a-f]{7,64}$/.test(name) ? [...references, name] : references;
}

export async function isShallow(git: GitOptions): Promise<boolean> {
  const known = whole.get(git);
  if (known !== undefined) return await known;
  const asking = askShallow(git);
  whole.set(git, asking);
  // Only a whole clone stays what it is: a cut-off one is made whole by the remedy.
  asking.then(
    (isCutOff) => isCutOff && whole.delete(git),
    () => whole.delete(git),
  );
  return await asking;
}

/** Asked once for each opened repository: several questions depend on it at the same time. */
const whole = new WeakMap<GitOptions, Promise<boolean>>();

async function askShallow(git: GitOptions): Promise<boolean> {
  const answer = await runGit(git, ['rev-parse', '--is-shallow-repository']);
  return answer.stdout.toString('utf8').trim() === 'true';
}

export function shallow(git: GitOptions, what: string): BackoutError {
  return new BackoutError({
    code: 'E_SHALLOW',
    message: `The clone in ${git.directory} ${what}: it was made without its full history.`,
    remedy:
      'Run `git fetch --unshallow --tags` there and try again. In a workflow, give actions/checkout `fetch-depth: 0`.',
  });
}

/** Names that are safe as arguments: none is an option or an expression. @throws E_TAG_FORMAT */
function requireNames(commits: readonly string[]): void {
  for (const commit of commits) requireTagFormat(commit);
}

/**
 * For answers that a cut-off history makes wrong without showing it: beyond the cut every commit
 * looks new. Asked side by side: a clone is hardly ever cut off.
 * @throws BackoutError E_SHALLOW, E_COMMIT_UNKNOWN
 */
async function inWholeHistory<T>(
  git: GitOptions,
  commits: readonly string[],
  question: () => Promise<T>,
): Promise<T> {
  const [answer, isCutOff] = await Promise.all([question(), isShallow(git)]);
  if (!isCutOff) return answer;
  await requireCommits(git, commits);
  throw shallow(git, 'does not reach back far enough');
}

/** Why git refused: most of the time a commit is not here. */
async function explain(
  git: GitOptions,
  commits: readonly string[],
  { complaint }: GitAnswer,
): Promise<BackoutError> {
  await requireCommits(git, commits);
  return repositoryError(git, `git says: ${complaint}`);
}

/** Whether the commits are here. @throws BackoutError E_SHALLOW, E_COMMIT_UNKNOWN */
async function requireCommits(git: GitOptions, commits: readonly string[]): Promise<void> {
  requireNames(commits);
  const found = await readObjects(
    git,
    commits.map((commit) => `${commit}^{commit}`),
  );
  const missing = commits.find((_, index) => found[index] === undefined);
  if (missing === undefined) return;
  if (await isShallow(git)) throw shallow(git, `does not have the commit ${missing}`);
  throw new BackoutError({
    code: 'E_COMMIT_UNKNOWN',
    message: `The clone in ${git.directory} has no commit ${missing}.`,
    remedy: 'Run `git fetch --tags` there and try again.',
  });
}

/** Relative to the root of the repository; git reads `./` and `..` relative to the folder. */
function requireFilePath(path: string): void {
  const parts = path.split('/');
  const odd = parts.some((part) => part === '' || part === '.' || part === '..');
  // oxlint-disable-next-line no-control-regex -- control characters are what must not get through
  if (!odd && !/[\u0000-\u001f]/.test(path)) return;
  throw new BackoutError({
    code: 'E_FILE_PATH',
    kind: 'usage',
    message: `${JSON.stringify(path.slice(0, 80))} is not a path from the root of the repository.`,
    remedy: 'Write it without a leading slash and without . or .. in it.',
  });
}

/** Pairs of lines: `commit <name>`, then the subject, which may be empty. */
function parseRevisions(text: string): { commit: string; subject: string }[] {
  const lines = text.split('\n');
  const commits: { commit: string; subject: string }[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const commit = lines[index]?.replace('commit ', '') ?? '';
    commits.push({ commit, subject: lines[index + 1] ?? '' });
  }
  return commits;
}
