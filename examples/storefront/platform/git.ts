import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';

/** A repository of our own making. Each function throws an Error with git's words when git fails. */
export interface Git {
  /** @returns the commit, 40 hexadecimal digits */
  commitAll(message: string, date: string): Promise<string>;
  /** Annotated with a message, lightweight without. */
  tag(name: string, message: string | undefined, date: string): Promise<void>;
  /** Writes the files of a tag into a folder outside the work tree. */
  exportTree(tag: string, directory: string): Promise<void>;
}

const GIT_TIMEOUT_MS = 20_000;
const run = promisify(execFile);

/** Makes an empty repository. Nothing of the user's git settings, name or hooks gets in. */
export async function openGit(repository: string): Promise<Git> {
  const { PATH = '' } = process.env;

  async function git(args: string[], extra: Record<string, string> = {}): Promise<string> {
    const env = {
      PATH,
      HOME: repository,
      LC_ALL: 'C',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Storefront Build',
      GIT_AUTHOR_EMAIL: 'build@storefront.example',
      GIT_COMMITTER_NAME: 'Storefront Build',
      GIT_COMMITTER_EMAIL: 'build@storefront.example',
      ...extra,
    };
    const { stdout } = await run('git', args, { cwd: repository, env, timeout: GIT_TIMEOUT_MS });
    return stdout.trim();
  }
  await git(['init', '--quiet', '--template=', '--initial-branch=main']);
  return {
    async commitAll(message, date) {
      await git(['add', '--all']);
      await git(['commit', '--quiet', '--message', message], at(date));
      return git(['rev-parse', 'HEAD']);
    },
    async tag(name, message, date) {
      const annotated = message === undefined ? [] : ['--annotate', '--message', message];
      await git(['tag', ...annotated, '--', name], at(date));
    },
    async exportTree(tag, directory) {
      // An index of its own: the one of the work tree stays as it is.
      const index = join(repository, '.git', 'export-index');
      const extra = { GIT_INDEX_FILE: index };
      await git(['read-tree', tag], extra);
      await git(['checkout-index', '--all', `--prefix=${directory}${sep}`], extra);
      rmSync(index);
    },
  };
}

function at(date: string): Record<string, string> {
  return { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
}
