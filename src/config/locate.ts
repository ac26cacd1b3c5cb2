/** Finds the line of a value in the text of a YAML document. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
} from 'yaml';
import type { Path } from './problems.ts';

export interface Place {
  /** The first line is 1. */
  line: number;
  /** The first column is 1. */
  column: number;
}

/**
 * The place of what a path leads to: a plain value where it stands, a block at its key, and
 * something that is missing at the innermost block that should contain it.
 */
export function locate(document: Document, lines: LineCounter, path: Path): Place {
  let node: unknown = document.contents;
  let at = startOf(node);
  for (const part of path) {
    const found = step(document, node, part);
    if (found === undefined) break;
    node = found.value;
    const value = isAlias(node) ? undefined : startOf(node);
    at = (isScalar(node) ? value : undefined) ?? found.key ?? value ?? at;
  }
  return placeAt(lines, at ?? 0);
}

/** The place of a key itself, for keys that should not be there. */
export function locateKey(document: Document, lines: LineCounter, path: Path): Place {
  let node: unknown = document.contents;
  for (const part of path.slice(0, -1)) node = step(document, node, part)?.value;
  const last = path.at(-1);
  const key = last === undefined ? undefined : step(document, node, last)?.key;
  return key === undefined ? locate(document, lines, path) : placeAt(lines, key);
}

export function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  // An empty text has no lines; everything about it is on the first.
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function step(
  document: Document,
  from: unknown,
  part: string | number,
): { key?: number | undefined; value: unknown } | undefined {
  const node = isAlias(from) ? from.resolve(document) : from;
  if (isSeq(node) && typeof part === 'number') {
    return part < node.items.length ? { value: node.items[part] } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && keyText(item.key) === String(part));
  return pair === undefined ? undefined : { key: startOf(pair.key), value: pair.value };
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node.range?.[0] ?? undefined) : undefined;
}
