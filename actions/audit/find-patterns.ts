import { resolve } from 'node:path';
import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { BackoutError } from '../../src/model/error.ts';
import { findConfig } from '../../src/wiring/find-config.ts';

/**
 * Which files `backout.yml` says are migrations; undefined where there is none that counts, or it
 * says nothing. The published one counts: what a pull request says of itself does not.
 * @throws BackoutError E_CONFIG, and E_CONFIG_FILE for one that was named
 */
export async function findPatterns(
  named: string | undefined,
  folder: string,
  variables: EnvironmentVariables,
): Promise<string[] | undefined> {
  try {
    const { loaded } = await findConfig(named, resolve(folder), variables, 'refuse');
    const { migrations } = loaded.config.releases;
    return migrations.length === 0 ? undefined : migrations;
  } catch (error) {
    const isThere = error instanceof BackoutError && !NOT_THERE.has(error.code);
    if (named !== undefined || isThere || !(error instanceof BackoutError)) throw error;
    return undefined;
  }
}

const NOT_THERE: ReadonlySet<string> = new Set(['E_CONFIG_FILE', 'E_CONFIG_UNPUBLISHED']);
