/**
 * Which names there are (docs/contract.md). They become parts of file names, of keys and of links,
 * so every store asks here, whatever the command line let through: not all that reaches a store
 * was typed on it.
 */

import { BackoutError } from './error.ts';

/**
 * Refuses what could leave its folder, name another key, or collide with the numbers of the log.
 * For services, environments and flag groups.
 * @throws BackoutError E_NAME (usage)
 */
export function requireName(what: string, name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) return;
  throw notAName(
    what,
    name,
    'Use 1 to 63 letters, digits, ".", "-" and "_", with a letter or digit first.',
  );
}

/** No dot: it separates the incident from the number of the document (override-log.ts). */
export function isIncidentName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name);
}

/** @throws BackoutError E_NAME (usage) unless {@link isIncidentName} */
export function requireIncidentName(name: string): void {
  if (isIncidentName(name)) return;
  throw notAName('an incident', name, INCIDENT_NAMES);
}

/** What to tell people about {@link isIncidentName}. */
export const INCIDENT_NAMES =
  'Use 1 to 63 letters, digits, "-" and "_", with a letter or digit first.';

/**
 * For what is a part of a key in Redis, or a field in one. Braces would move the hash tag, `:`
 * separates, the rest are patterns in access rules and searches.
 * @throws BackoutError E_NAME (usage)
 */
export function requireRedisName(what: string, name: string): void {
  if (/^[^{}*?[\]\\:\s]{1,63}$/u.test(name)) return;
  throw notAName(what, name, 'Use 1 to 63 characters, without spaces and none of { } * ? [ ] \\ :');
}

function notAName(what: string, name: string, remedy: string): BackoutError {
  return new BackoutError({
    code: 'E_NAME',
    kind: 'usage',
    message: `${JSON.stringify(name.slice(0, 80))} cannot be the name of ${what}.`,
    remedy,
  });
}
