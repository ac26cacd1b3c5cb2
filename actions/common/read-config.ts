import type { EnvironmentVariables } from '../../src/config/environment.ts';
import type { BackoutConfig } from '../../src/config/schema.ts';
import { parseConfig } from '../../src/config/load.ts';
import { listReferences } from '../../src/config/secrets.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import { chooseEnvironment } from '../../src/wiring/choose-environment.ts';
import type { FoundConfig } from '../../src/wiring/find-config.ts';
import type { LocatedConfig } from '../../src/wiring/locate-config.ts';

export interface ReadConfig extends FoundConfig {
  /** The environment that is meant, also when the input was left blank. */
  environment: string;
  /** What must not appear in the log: the runner has to be told before anything is connected. */
  secrets: string[];
}

/**
 * Reads the configuration that counts, and what of it the log must know first.
 * @param environment as it was given; undefined = the only one
 * @throws BackoutError E_CONFIG, E_ENVIRONMENT
 */
export function readConfig(
  { bytes, file, origin, notices }: LocatedConfig,
  environment: string | undefined,
  variables: EnvironmentVariables,
): ReadConfig {
  const loaded = parseConfig(bytes, { file: origin });
  const { config } = loaded;
  const selected = selectEnvironment(config, chooseEnvironment(config, environment));
  return {
    loaded,
    file,
    notices,
    environment: selected.environment.name,
    secrets: secretsOf(config, variables),
  };
}

/** The values behind references, and the passwords inside addresses: both may be printed alone. */
function secretsOf(config: BackoutConfig, variables: EnvironmentVariables): string[] {
  const values = listReferences(config).flatMap(({ reference }) => {
    const value = reference.startsWith('env:') ? variables[reference.slice(4)] : undefined;
    return value === undefined ? [] : [value];
  });
  const passwords = values.flatMap((value) => {
    const password = URL.parse(value)?.password ?? '';
    return password === '' ? [] : [password, safelyDecoded(password)];
  });
  return [...new Set([...values, ...passwords])].filter((value) => value.trim() !== '');
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
