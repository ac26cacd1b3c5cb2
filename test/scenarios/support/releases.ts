/** A real git repository with three releases, built once and copied for every site. */

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Oldest first. v1.2.0 is what is live and broken. */
export const TAGS = ['v1.0.0', 'v1.1.0', 'v1.2.0'] as const;

/** Runs git as nobody in particular, knowing nothing of the machine's own configuration. */
export async function git(directory: string, path: string, ...args: string[]): Promise<string> {
  const env = {
    PATH: path,
    HOME: directory,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'A. Author',
    GIT_AUTHOR_EMAIL: 'author@example.com',
    GIT_COMMITTER_NAME: 'A. Author',
    GIT_COMMITTER_EMAIL: 'author@example.com',
  };
  const { stdout } = await run('git', args, { cwd: directory, env });
  return stdout.trim();
}

/** @returns the commit of each tag */
export async function buildReleases(
  directory: string,
  path: string,
): Promise<Record<string, string>> {
  await mkdir(directory, { recursive: true });
  await git(directory, path, 'init', '--quiet', '--template=', '--initial-branch=main');
  const commits: Record<string, string> = {};
  for (const tag of TAGS) {
    await writeFile(join(directory, 'version.txt'), `${tag}\n`);
    await git(directory, path, 'add', 'version.txt');
    await git(directory, path, 'commit', '--quiet', '--message', `Release ${tag}`);
    // One of each kind: annotated tags have an object of their own.
    const kind = tag === 'v1.1.0' ? ['--annotate', '--message', tag] : [];
    await git(directory, path, 'tag', ...kind, tag);
    commits[tag] = await git(directory, path, 'rev-parse', 'HEAD');
  }
  return commits;
}
