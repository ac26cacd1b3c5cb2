import { randomInt } from 'node:crypto';
import type { Ids } from '../ports/ids.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LETTERS = 26;
/** The largest range crypto.randomInt takes. */
const RANGE = 2 ** 48 - 1;

/**
 * Ids from the operating system's randomness. 26 × 36⁷ = 2 × 10¹² of them: among a service's first
 * thousand incidents two are the same with a probability of 1 in 4 million. The first character is
 * a letter, so that no tool reads `12345e67` as a number.
 */
export const randomIds: Ids = {
  next() {
    const places = Array.from({ length: 8 }, (_, place) => randomInt(place === 0 ? LETTERS : 36));
    return places.map((place) => ALPHABET.charAt(place)).join('');
  },
  random: () => randomInt(RANGE) / RANGE,
};
