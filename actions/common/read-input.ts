import type { EnvironmentVariables } from '../../src/config/environment.ts';
import { requirePlainText } from '../../src/model/typed-text.ts';

/**
 * An input exactly as the runner sets it (`INPUT_*`), so that a word with a space behind it is as
 * wrong here as on a command line; undefined = left blank.
 * @throws BackoutError E_CONTROL_CHARS (usage)
 */
export function readInput(variables: EnvironmentVariables, name: string): string | undefined {
  const text = variables[`INPUT_${name.toUpperCase()}`] ?? '';
  requirePlainText(`The input ${name}`, text);
  return text === '' ? undefined : text;
}

/** Who started the run, as the platform says. @throws BackoutError E_CONTROL_CHARS (usage) */
export function readActor(variables: EnvironmentVariables): string {
  const actor = variables['GITHUB_TRIGGERING_ACTOR'] ?? variables['GITHUB_ACTOR'] ?? 'unknown';
  requirePlainText('The name of the actor', actor);
  return actor;
}
