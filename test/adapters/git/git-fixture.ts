/** Real repositories in temporary folders, the same bytes on every machine. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readEnvironment } from '../../../src/config/environment.ts';

export interface GitFixture extends AsyncDisposable {
  directory: string;
  /** Variables for git that know nothing of the machine's own configuration. */
  env: Record<string, string | undefined>;
  /** Runs git in the repository. @returns what it printed, trimmed */
  git: (...args: string[]) => Promise<string>;
  /** Gives git a text on its standard input. */
  feed: (input: string, ...args: string[]) => Promise<string>;
  /** Commits files (path → content). Each commit is a minute after the one before. */
  commit: (subject: string, files?: Record<string, string>) => Promise<string>;
}

export async function gitFixture(): Promise<GitFixture> {
  const root = await mkdtemp(join(tmpdir(), 'backout-git-'));
  const directory = join(root, 'service');
  await mkdir(directory);
  let minutes = 0;
  const env = (): Record<string, string | undefined> => {
    const date = new Date(Date.UTC(2025, 0, 1, 12, minutes)).toISOString();
    return {
      PATH: readEnvironment().variables['PATH'],
      HOME: root,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'A. Author',
      GIT_AUTHOR_EMAIL: 'author@example.com',
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: 'C. Committer',
      GIT_COMMITTER_EMAIL: 'committer@example.com',
      GIT_COMMITTER_DATE: date,
    };
  };
  const feed = (input: string, ...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile('git', ['-C', directory, ...args], { env: env() }, (error, stdout) =>
        error === null ? resolve(stdout.trim()) : reject(error),
      );
      // A git that reads nothing may be gone before the pipe is closed.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  const git = (...args: string[]): Promise<string> => feed('', ...args);
  await git('init', '--quiet', '--initial-branch=main');
  return {
    directory,
    env: env(),
    git,
    feed,
    async commit(subject, files = {}) {
      minutes += 1;
      for (const [path, content] of Object.entries(files)) {
        const file = join(directory, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '--allow-empty-message', '-m', subject);
      return git('rev-parse', 'HEAD');
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
