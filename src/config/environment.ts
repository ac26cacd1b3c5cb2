/**
 * The only place that reads environment variables. Everything else gets what it needs as a
 * parameter, so that a test can say "there is no PATH" without changing its own process.
 */

import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Environment variables by name, as in `process.env`. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

export interface Environment {
  /**
   * Where downloads are kept between runs: `$XDG_CACHE_HOME/backout`, else `~/.cache/backout`.
   * Deleting it is always safe.
   */
  cacheDir: string;
  /** `CI` is set to something other than `false`, `0` or nothing. */
  ci: boolean;
  /** `BACKOUT_TEST_DATABASE_URL`: a PostgreSQL for the tests, with the right to create databases. */
  testDatabaseUrl?: string;
  /** `BACKOUT_TEST_REDIS_URL`: a Redis for the tests. Only databases found empty are used. */
  testRedisUrl?: string;
  /**
   * `BACKOUT_HIDE_SYSTEM_SERVICES=1`: behave as on a machine without PostgreSQL and Redis, to try
   * out what a newcomer gets.
   */
  hideSystemServices: boolean;
  /** All of them: for programs we start, and to resolve `env:NAME` references. */
  variables: EnvironmentVariables;
}

/** @param variables what to read instead of this process's own variables. */
export function readEnvironment(variables: EnvironmentVariables = process.env): Environment {
  const testDatabaseUrl = textOf(variables['BACKOUT_TEST_DATABASE_URL']);
  const testRedisUrl = textOf(variables['BACKOUT_TEST_REDIS_URL']);
  return {
    cacheDir: join(userCacheDir(variables), 'backout'),
    ci: isSwitchedOn(variables['CI']),
    hideSystemServices: isSwitchedOn(variables['BACKOUT_HIDE_SYSTEM_SERVICES']),
    ...(testDatabaseUrl === undefined ? {} : { testDatabaseUrl }),
    ...(testRedisUrl === undefined ? {} : { testRedisUrl }),
    variables,
  };
}

/** How GitHub is reached, as its runners say it to every step that is given a token. */
export interface GitHubEnvironment {
  /** `GITHUB_API_URL`, without a slash at the end; that of github.com where it is not set. */
  apiUrl: string;
  /** `GITHUB_TOKEN`. */
  token: string | undefined;
}

export function readGitHub(variables: EnvironmentVariables): GitHubEnvironment {
  const apiUrl = textOf(variables['GITHUB_API_URL']) ?? 'https://api.github.com';
  return { apiUrl: apiUrl.replace(/\/+$/, ''), token: textOf(variables['GITHUB_TOKEN']) };
}

function userCacheDir(variables: EnvironmentVariables): string {
  const chosen = textOf(variables['XDG_CACHE_HOME']);
  // The XDG base directory specification says that a relative value must be ignored.
  if (chosen !== undefined && isAbsolute(chosen)) return chosen;
  return join(textOf(variables['HOME']) ?? homedir(), '.cache');
}

function isSwitchedOn(value: string | undefined): boolean {
  const text = textOf(value)?.toLowerCase();
  return text !== undefined && text !== 'false' && text !== '0';
}

/** A variable set to nothing counts as not set: `FOO= command` is how people switch one off. */
function textOf(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === undefined || text === '' ? undefined : text;
}
