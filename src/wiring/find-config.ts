import type { EnvironmentVariables } from '../config/environment.ts';
import { type LoadedConfig, parseConfig } from '../config/load.ts';
import { locateConfig } from './locate-config.ts';

export interface FoundConfig {
  loaded: LoadedConfig;
  /** The file relative paths start at, also when the content came from git. */
  file: string;
  /** What a person should know about which content counts. */
  notices: string[];
}

/**
 * The `backout.yml` that counts (`locateConfig` says which), read and checked.
 * @throws BackoutError E_CONFIG_FILE, E_CONFIG, E_CONFIG_UNPUBLISHED (refused)
 */
export async function findConfig(
  named: string | undefined,
  cwd: string,
  variables: EnvironmentVariables,
  unpublished: 'refuse' | 'use',
): Promise<FoundConfig> {
  const { bytes, file, origin, notices } = await locateConfig(named, cwd, variables, unpublished);
  return { loaded: parseConfig(bytes, { file: origin }), file, notices };
}
