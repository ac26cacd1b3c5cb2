/** Looks at every text of a document, known or not: nothing secret, nothing invisible. */
import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Finding } from './explain.ts';
import { secretFault } from './secrets.ts';

/** Characters that hide or reorder what a person reads in a terminal or message. */
const HIDING = /[\p{Cc}\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]/u;

export function checkTexts(document: Document): Finding[] {
  return [...textsIn(document.contents, [])].flatMap(({ path, text, at }) => {
    // Queries and templates have lines; nothing else may contain a control character.
    if (HIDING.test(text.replaceAll(/[\n\t]/g, ''))) {
      return [
        {
          path,
          message: 'contains an invisible character',
          remedy: 'Type the text again, without control or direction marks.',
        },
      ];
    }
    const fault = at === 'key' ? undefined : secretFault(text, path.map(String));
    return fault === undefined ? [] : [{ path, ...fault }];
  });
}

interface Found {
  path: (string | number)[];
  text: string;
  at: 'key' | 'value';
}

/** Anchored blocks are read where they are written; following their uses could go in a circle. */
function* textsIn(node: unknown, path: (string | number)[]): Generator<Found> {
  if (isAlias(node)) return;
  if (isScalar(node)) {
    if (typeof node.value === 'string') yield { path, text: node.value, at: 'value' };
  } else if (isSeq(node)) {
    for (const [at, item] of node.items.entries()) yield* textsIn(item, [...path, at]);
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      yield { path: [...path, name], text: name, at: 'key' };
      yield* textsIn(value, [...path, name]);
    }
  }
}
