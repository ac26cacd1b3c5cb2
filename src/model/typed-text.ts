/** What is true of every text that a person or a workflow hands in, whichever way it comes. */
import { BackoutError } from './error.ts';
import { isIncidentName } from './names.ts';

/** Control and text-direction characters, and halves of characters. */
export const BAD_SIGNS = /[\p{Cc}\p{Cf}\p{Cs}]/gu;
/** Longest reason, in characters: a paragraph, not a log. */
export const MOST_REASON = 2_000;

/**
 * Control and direction characters: text goes to logs, messages and pages.
 * @param what begins the message: `--reason`, `The input reason`
 * @throws BackoutError E_CONTROL_CHARS (usage)
 */
export function requirePlainText(what: string, text: string): void {
  if (text.search(BAD_SIGNS) < 0) return;
  throw new BackoutError({
    code: 'E_CONTROL_CHARS',
    kind: 'usage',
    message: `${what} contains control or text-direction characters.`,
    remedy: 'Type the text again by hand instead of pasting it.',
  });
}

/**
 * An incident's name as it was typed. It becomes part of file names, keys and links:
 * docs/contract.md says which names there are.
 * @param without how to go on without one: `leave --incident out`
 * @throws BackoutError E_INCIDENT_NAME (usage)
 */
export function checkIncidentName(name: string, without: string): void {
  if (isIncidentName(name)) return;
  throw new BackoutError({
    code: 'E_INCIDENT_NAME',
    kind: 'usage',
    message: `${JSON.stringify(name.slice(0, 80))} cannot be the name of an incident.`,
    remedy: `Use 1 to 63 letters, digits, "-" and "_", with a letter or digit first; or ${without}.`,
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
