/** What may be handed in as a complaint, whichever way it comes. */
import { BackoutError } from './error.ts';
import { requirePlainText } from './typed-text.ts';

/** Longest text of a complaint, in characters: what somebody says, not their correspondence. */
const MOST_TEXT = 500;
/** Longest reference of a ticket, in characters. */
const MOST_REFERENCE = 80;
/** Clocks differ: what is this much ahead of us is still from now. */
const SKEW_MS = 60_000;

/** The text of a complaint; undefined when there is none. @throws BackoutError E_COMPLAINT */
export function checkComplaintText(given: string | undefined): string | undefined {
  const text = given?.trim() ?? '';
  if (text === '') return undefined;
  requirePlainText('The complaint', text);
  const length = Array.from(text).length;
  if (length <= MOST_TEXT) return text;
  throw badComplaint(
    `The complaint has ${length} characters; at most ${MOST_TEXT} are kept.`,
    'Shorten it, and leave out what identifies a person. The ticket has the whole.',
  );
}

/** The reference of a complaint's ticket. @throws BackoutError E_COMPLAINT */
export function checkReference(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const reference = given.trim();
  requirePlainText('The reference', reference);
  const length = Array.from(reference).length;
  if (length >= 1 && length <= MOST_REFERENCE) return reference;
  throw badComplaint(
    `The reference has ${length} characters; 1 to ${MOST_REFERENCE} are needed.`,
    'Give the number of the ticket, or leave --id out: then every report counts.',
  );
}

function badComplaint(message: string, remedy: string): BackoutError {
  const state = 'The complaint was not recorded.';
  return new BackoutError({ code: 'E_COMPLAINT', kind: 'usage', message, state, remedy });
}

/**
 * When a complaint was made, in milliseconds since 1970.
 * @param given in UTC, such as 2026-11-23T03:12:00Z; left out: now
 * @param windowMs how far back complaints count
 * @throws BackoutError E_TIME (usage) when it is no such time, lies ahead, or is too old to count
 */
export function readComplaintTime(
  given: string | undefined,
  now: number,
  windowMs: number,
): number {
  if (given === undefined) return now;
  const at = parseUtc(given);
  if (at === undefined) {
    throw badTime(`${JSON.stringify(given.slice(0, 80))} is not a time in UTC.`);
  }
  const written = new Date(at).toISOString();
  if (at > now + SKEW_MS) {
    throw badTime(`${written} is in the future: it is ${new Date(now).toISOString()} now.`);
  }
  if (at < now - windowMs) {
    const oldest = new Date(now - windowMs).toISOString();
    throw badTime(`${written} is too long ago: complaints count from ${oldest} on.`);
  }
  return at;
}

/** Only what can be read in one way: with seconds or without, and with the Z of UTC. */
function parseUtc(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(text)) return undefined;
  const date = new Date(text);
  // Otherwise the 30th of February would be the 2nd of March.
  const isReal = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 16));
  return isReal ? date.getTime() : undefined;
}

function badTime(message: string): BackoutError {
  return new BackoutError({
    code: 'E_TIME',
    kind: 'usage',
    message,
    state: 'The complaint was not recorded.',
    remedy: 'Write the time like 2026-11-23T03:12:00Z, or leave --at out: then it is now.',
  });
}
