/** What may be handed in as a complaint, whichever way it comes. */
import { BackoutError } from './error.ts';
import { requirePlainText } from './typed-text.ts';
import { badTime, readPastTime } from './typed-time.ts';

/** Longest text of a complaint, in characters: what somebody says, not their correspondence. */
const MOST_TEXT = 500;
/** Longest reference of a ticket, in characters. */
const MOST_REFERENCE = 80;
const NOT_RECORDED = 'The complaint was not recorded.';

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
  const state = NOT_RECORDED;
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
  const at = readPastTime(given, now, NOT_RECORDED);
  if (at < now - windowMs) {
    const oldest = new Date(now - windowMs).toISOString();
    const written = new Date(at).toISOString();
    throw badTime(`${written} is too long ago: complaints count from ${oldest} on.`, NOT_RECORDED);
  }
  return at;
}
