/** `{words}` in requests, replaced by values that are only known when the question is asked. */

import type { Json } from '../../model/json.ts';

/** A value as it came from an answer: a number stays one where it stands alone in a JSON body. */
export type Value = string | number | boolean;
export type Values = ReadonlyMap<string, Value>;

const PLACE = /\{([A-Za-z][A-Za-z0-9_.-]*)\}/g;

/** Replaces the words that have a value; others stay as they are: JSON in a text has braces too. */
export function fillText(
  text: string,
  values: Values,
  encode: (value: string) => string = (value) => value,
): string {
  return text.replaceAll(PLACE, (place, word: string) => {
    const value = values.get(word);
    return value === undefined ? place : encode(String(value));
  });
}

/** For addresses: what was captured must stay one part of the path. */
export function fillAddress(url: string, values: Values): string {
  return fillText(url, values, encodeURIComponent);
}

/** Every text in a JSON value. `"{id}"` alone becomes the value itself, with its type. */
export function fillJson(value: Json, values: Values): Json {
  if (typeof value === 'string') {
    const [, word] = /^\{([A-Za-z][A-Za-z0-9_.-]*)\}$/.exec(value) ?? [];
    return (word === undefined ? undefined : values.get(word)) ?? fillText(value, values);
  }
  if (Array.isArray(value)) return value.map((item) => fillJson(item, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fillJson(item, values)]),
  );
}

/** The words of `known` that a text still waits for. */
export function wordsLeft(text: string, known: ReadonlySet<string>): string[] {
  return [...text.matchAll(PLACE)].flatMap(([, word = '']) => (known.has(word) ? [word] : []));
}
