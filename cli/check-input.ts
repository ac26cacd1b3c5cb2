import { isIncidentName } from '../src/model/names.ts';
import {
  BAD_SIGNS,
  checkIncidentName,
  checkReason,
  MOST_REASON,
  requirePlainText,
} from '../src/model/typed-text.ts';

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
    if (name === 'incident') checkIncidentName(value, 'leave --incident out');
  }
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
