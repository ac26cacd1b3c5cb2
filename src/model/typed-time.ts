/** Times that a person or a pipeline hands in. */
import { BackoutError } from './error.ts';

/** Clocks differ: what is this much ahead of us is still from now. */
const SKEW_MS = 60_000;

/**
 * A time that was, in milliseconds since 1970.
 * @param given in UTC, such as 2026-11-23T03:12:00Z
 * @param state what is true when it is refused
 * @throws BackoutError E_TIME (usage) when it is no such time, or lies ahead
 */
export function readPastTime(given: string, now: number, state: string): number {
  const at = parseUtc(given);
  if (at === undefined) {
    throw badTime(`${JSON.stringify(given.slice(0, 80))} is not a time in UTC.`, state);
  }
  if (at > now + SKEW_MS) {
    const written = new Date(at).toISOString();
    throw badTime(`${written} is in the future: it is ${new Date(now).toISOString()} now.`, state);
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

/** @returns E_TIME (usage) */
export function badTime(message: string, state: string): BackoutError {
  return new BackoutError({
    code: 'E_TIME',
    kind: 'usage',
    message,
    state,
    remedy: 'Write the time like 2026-11-23T03:12:00Z, or leave --at out: then it is now.',
  });
}
