/** Careful reading of a configuration that has not passed its schema yet. */

export type RawBlock = Readonly<Record<string, unknown>>;

const EMPTY: RawBlock = {};

export function isBlock(value: unknown): value is RawBlock {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The block under a key, or an empty one when there is none. */
export function block(from: unknown, ...keys: string[]): RawBlock {
  let at: unknown = from;
  for (const key of keys) at = isBlock(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return isBlock(at) ? at : EMPTY;
}

/** The blocks in a block, by name; whatever is no block is left out. */
export function blocks(from: unknown, ...keys: string[]): [string, RawBlock][] {
  return Object.entries(block(from, ...keys)).filter((entry): entry is [string, RawBlock] =>
    isBlock(entry[1]),
  );
}

/** The texts in a list with their positions; whatever is no text is left out. */
export function texts(value: unknown): { text: string; at: number }[] {
  if (!Array.isArray(value)) return [];
  const list: unknown[] = value;
  return list.flatMap((item, at) => (typeof item === 'string' ? [{ text: item, at }] : []));
}
