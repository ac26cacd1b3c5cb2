import type { TypeName } from './change.ts';

/**
 * Whether every value of the old type is a value of the new one, and looks the same to those who
 * read it. Integers are not on the list: drivers hand out a bigint as a text, an integer as a number.
 */
export function isWider(from: TypeName, to: TypeName): boolean {
  if (from.schema !== undefined || to.schema !== undefined || from.array || to.array) return false;
  if (isText(from) && isText(to)) {
    const limit = limitOf(to);
    return limit === undefined || (limitOf(from) ?? Number.POSITIVE_INFINITY) <= limit;
  }
  if (from.name === 'numeric' && to.name === 'numeric') {
    const [digits = 0, scale = 0] = from.sizes;
    const [wantedDigits = 0, wantedScale = 0] = to.sizes;
    return from.sizes.length > 0 && scale === wantedScale && wantedDigits >= digits;
  }
  return from.name === to.name && JSON.stringify(from.sizes) === JSON.stringify(to.sizes);
}

const isText = ({ name }: TypeName): boolean => name === 'text' || name === 'varchar';

const limitOf = ({ name, sizes }: TypeName): number | undefined =>
  name === 'varchar' ? sizes[0] : undefined;
