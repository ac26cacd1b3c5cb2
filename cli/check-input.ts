import { BackoutError } from '../src/model/error.ts';
import { isIncidentName } from '../src/model/names.ts';

/** Control and text-direction characters, and halves of characters. */
const BAD_SIGNS = /[\p{Cc}\p{Cf}\p{Cs}]/gu;
const MOST_REASON = 2_000;

/**
 * What is true of everything that is typed, whichever command it is for: no characters that move
 * the cursor or hide text, and an incident's name that can be the name of a file.
 * @param given the arguments in their order, then the options
 * @throws BackoutError E_CONTROL_CHARS, E_INCIDENT_NAME (usage)
 */
export function checkInput(given: readonly unknown[]): void {
  for (const one of given) {
    if (typeof one === 'string') requirePlainText('An argument', one);
    else if (Array.isArray(one)) checkInput(one);
    else if (one !== null && typeof one === 'object') checkOptions(one);
  }
}

function checkOptions(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value !== 'string') continue;
    requirePlainText(`--${name.replaceAll(/[A-Z]/g, (sign) => `-${sign.toLowerCase()}`)}`, value);
    if (name === 'incident') requireIncidentName(value);
  }
}

/** Control and direction characters: text goes to logs, messages and pages. */
function requirePlainText(what: string, text: string): void {
  if (text.search(BAD_SIGNS) < 0) return;
  throw new BackoutError({
    code: 'E_CONTROL_CHARS',
    kind: 'usage',
    message: `${what} contains control or text-direction characters.`,
    remedy: 'Type the text again by hand instead of pasting it.',
  });
}

/** It becomes part of file names, keys and links: docs/contract.md says which names there are. */
function requireIncidentName(name: string): void {
  if (isIncidentName(name)) return;
  throw new BackoutError({
    code: 'E_INCIDENT_NAME',
    kind: 'usage',
    message: `${JSON.stringify(name.slice(0, 80))} cannot be the name of an incident.`,
    remedy:
      'Use 1 to 63 letters, digits, "-" and "_", with a letter or digit first; or leave ' +
      '--incident out.',
  });
}

/** The reason a person gave, or what to write when they gave none. @throws BackoutError E_REASON */
export function checkReason(given: string | undefined, user: string): string {
  if (given === undefined) return `Started by hand by ${user}; no reason given`;
  const length = Array.from(given.trim()).length;
  if (length >= 10 && length <= MOST_REASON) return given.trim();
  throw new BackoutError({
    code: 'E_REASON',
    kind: 'usage',
    message: `The reason has ${length} characters; 10 to 2,000 are needed.`,
    remedy: 'Say in one sentence what is broken, for whoever reads it tomorrow.',
  });
}

/** The words of an emergency, made usable. */
export interface MendedWords {
  reason: string;
  /** Left out when none was given, or one that cannot be used. */
  incident: string | undefined;
  /** What was changed, for the person who typed it. */
  notes: string[];
}

/**
 * Nobody is kept from the safe state by a short reason, a pasted invisible sign, or the number of a
 * ticket in place of an incident: such words are mended, and the change is said.
 */
export function mendWords(
  given: { reason?: string; incident?: string },
  user: string,
): MendedWords {
  const notes: string[] = [];
  const typed = given.reason ?? '';
  const reason = typed.replaceAll(BAD_SIGNS, ' ').trim().slice(0, MOST_REASON);
  if (reason !== typed.trim())
    notes.push('The reason was cleaned of signs that cannot be shown, or cut.');
  const words = reason === '' ? checkReason(undefined, user) : reason;
  const { incident } = given;
  if (incident === undefined || isIncidentName(incident)) return { reason: words, incident, notes };
  const shown = incident.replaceAll(BAD_SIGNS, ' ').slice(0, 80);
  notes.push(
    `${JSON.stringify(shown)} cannot be the name of an incident; it is kept in the reason.`,
  );
  return { reason: `${words} (${shown})`, incident: undefined, notes };
}
