import { endOfToken, isComment } from './split-sql.ts';

/** A text without comments and with one space between words: what it says, not how it looks. */
export function essenceOf(text: string): string {
  const parts: string[] = [];
  let position = 0;
  while (position < text.length) {
    const end = endOfToken(text, position);
    const token = text.slice(position, end);
    // Spaces inside a text are part of the token, and stay.
    if (!isComment(text, position) && !/^\s+$/.test(token)) parts.push(token);
    else if (parts.at(-1) !== ' ') parts.push(' ');
    position = end;
  }
  return parts.join('').trim();
}
