/** Runs the git binary: read only, without a pager, a prompt or a word of the user's language. */

import { execFile } from 'node:child_process';
import type { EnvironmentVariables } from '../../config/environment.ts';
import { BackoutError } from '../../model/error.ts';
import { quote } from '../../model/shell.ts';

export interface GitOptions {
  /** The repository, or a folder in it. */
  directory: string;
  env: EnvironmentVariables;
  /** The program; `git` is looked up on the PATH of `env`. */
  program: string;
  timeoutMs: number;
  /** True: a path may begin with `:(top,literal)`. Left out: every path means just itself. */
  readPathMagic?: boolean;
}

export interface GitAnswer {
  code: number;
  stdout: Buffer;
  /** What it said on its standard error, trimmed. */
  complaint: string;
}

/** 10,000 tags are about 2 MB; the largest file we read is a configuration. */
const MAX_BUFFER = 64 * 1024 * 1024;

/**
 * `rev-parse --local-env-vars`: when we are started by a git hook these point at the hook's
 * repository and would win over `directory`.
 */
const POINTING_ELSEWHERE = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/**
 * Starts git once. An exit code other than 0 is an answer, not an error: callers know what it means.
 * @param input lines for its standard input: names that never become arguments
 * @throws BackoutError E_GIT_MISSING, E_GIT_TIMEOUT (retryable), E_REPOSITORY
 */
export async function runGit(
  options: GitOptions,
  args: readonly string[],
  input = '',
): Promise<GitAnswer> {
  const answer = await start(options, args, input);
  if (answer.code !== 0) refuseBrokenRepository(options, answer.complaint);
  return answer;
}

function start(options: GitOptions, args: readonly string[], input: string): Promise<GitAnswer> {
  // -C instead of a working directory: a folder that is not there is then git's complaint, and
  // ENOENT can only mean that git itself is missing.
  const paths = options.readPathMagic === true ? [] : ['--literal-pathspecs'];
  const everyTime = ['--no-pager', ...paths, '-c', 'core.fsmonitor=false'];
  return new Promise((resolve, reject) => {
    const child = execFile(
      options.program,
      ['-C', options.directory, ...everyTime, ...args],
      {
        env: environmentFor(options.env),
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_BUFFER,
        encoding: 'buffer',
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        const complaint = stderr.toString('utf8').trim();
        if (error === null) resolve({ code: 0, stdout, complaint });
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, complaint });
        else reject(explainStart(options, error));
      },
    );
    // git may end before it has read everything; the exit code tells us more than the broken pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function environmentFor(given: EnvironmentVariables): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...given };
  for (const name of POINTING_ELSEWHERE) delete env[name];
  return {
    ...env,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_PAGER: 'cat',
    // Reading must neither write (refreshing the index takes a lock) nor believe `git replace`,
    // which makes a commit look like another one: the tag's own commit is what was deployed.
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

function explainStart(options: GitOptions, error: { code?: unknown; killed?: boolean }): Error {
  if (error.code === 'ENOENT' || error.code === 'EACCES') {
    return new BackoutError({
      code: 'E_GIT_MISSING',
      message: `The program ${JSON.stringify(options.program)} could not be started: releases are read from git.`,
      remedy: 'Install git (on Debian: `apt-get install git`) or put it on the PATH.',
      cause: error,
    });
  }
  if (error.killed === true) {
    return new BackoutError({
      code: 'E_GIT_TIMEOUT',
      message: `git did not answer within ${options.timeoutMs / 1000} s in ${options.directory}.`,
      remedy: 'Try again. If it stays so, look at the disk and run `git fsck` there.',
      retryable: true,
      cause: error,
    });
  }
  return repositoryError(options, 'git was stopped before it answered', { cause: error });
}

function refuseBrokenRepository(options: GitOptions, complaint: string): void {
  if (complaint.includes('dubious ownership')) {
    throw repositoryError(
      options,
      'git refuses to read it: the folder belongs to another user than the one running Backout',
      {
        remedy: `Run as the folder's owner, or trust it: git config --global --add safe.directory ${quote(options.directory)}`,
      },
    );
  }
  if (/not a git repository/i.test(complaint)) {
    throw repositoryError(options, 'it is not a git repository', {
      remedy: 'Run Backout in a clone of the service.',
    });
  }
  if (complaint.includes('cannot change to')) {
    throw repositoryError(options, 'the folder is not there, or may not be entered', {
      remedy: 'Run Backout in a clone of the service, as a user who may read it.',
    });
  }
}

/** @returns E_REPOSITORY; `what` completes "The releases in FOLDER cannot be read: …". */
export function repositoryError(
  options: GitOptions,
  what: string,
  more: { remedy?: string; cause?: unknown } = {},
): BackoutError {
  return new BackoutError({
    code: 'E_REPOSITORY',
    message: `The releases in ${options.directory} cannot be read: ${what}.`,
    remedy: more.remedy ?? 'Run `git fsck` there; if it complains, make a fresh clone.',
    ...(more.cause === undefined ? {} : { cause: more.cause }),
  });
}
