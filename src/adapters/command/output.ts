/** What a program prints: cut into lines, without secrets, and never more than we can hold. */

import { StringDecoder } from 'node:string_decoder';

/** A line longer than this is cut: it is no line, and it must not fill the memory. */
const LONGEST_LINE = 8 * 1024;
/** Shorter values are no secrets, and hiding `1` everywhere makes output unreadable. */
const SHORTEST_SECRET = 4;

/** Replaces secrets with `***`. Of a secret of several lines (a key file) each line is replaced. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const parts = secrets
    .flatMap((secret) => secret.split(/\r?\n/))
    .map((part) => part.trim())
    .filter((part) => part.length >= SHORTEST_SECRET)
    // A secret that contains another one goes first, or its rest would stay.
    .toSorted((a, b) => b.length - a.length);
  return (text) => parts.reduce((rest, part) => rest.replaceAll(part, '***'), text);
}

export interface LineSplitter {
  write(chunk: Buffer): void;
  /** Passes on the last line, which may have no line break. */
  end(): void;
}

/** Calls `onLine` for every line. Secrets are only found in whole lines, so nothing comes earlier. */
export function lineSplitter(onLine: (line: string) => void): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let overlong = false;
  const take = (text: string): void => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!overlong) onLine(shorten(line));
      overlong = false;
    }
    if (overlong) rest = '';
    else if (rest.length > LONGEST_LINE) {
      // Its beginning is passed on, the rest up to the next line break is dropped.
      onLine(shorten(rest));
      rest = '';
      overlong = true;
    }
  };
  return {
    write: (chunk) => take(decoder.write(chunk)),
    end() {
      take(decoder.end());
      if (rest !== '') onLine(shorten(rest));
      rest = '';
    },
  };
}

function shorten(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} … (cut)` : line;
}

export interface Tail {
  add(line: string): void;
  text(): string;
}

/** Keeps the last lines, at most `maxBytes` of UTF-8. */
export function lastLines(maxBytes: number): Tail {
  const lines: string[] = [];
  let size = 0;
  return {
    add(line) {
      const kept = line.slice(-Math.floor(maxBytes / 4));
      lines.push(kept);
      size += Buffer.byteLength(kept) + 1;
      while (size > maxBytes && lines.length > 1)
        size -= Buffer.byteLength(lines.shift() ?? '') + 1;
    },
    text: () => lines.join('\n').trim(),
  };
}
