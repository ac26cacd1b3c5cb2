import { BackoutError } from './error.ts';

/**
 * The names most like `name`, nearest first, for "did you mean". At most `limit`; none that would
 * need more than a third of the letters changed (but two are always allowed).
 */
export function nearestTags(name: string, tags: readonly string[], limit = 3): string[] {
  const most = Math.max(2, Math.floor(name.length / 3));
  return tags
    .map((tag) => ({ tag, distance: editDistance(name.toLowerCase(), tag.toLowerCase(), most) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ tag }) => tag);
}

/**
 * The refusal for a tag that is not there.
 * @param tags in the order in which to offer them
 * @param remedy for whoever has no `backout assess` to look at
 */
export function tagNotFound(
  name: string,
  tags: readonly string[],
  remedy = 'Copy the tag from `backout assess`. If it is new here, run `git fetch --tags` first.',
): BackoutError {
  const near = nearestTags(name, tags);
  const hint =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : tags.length > 0
        ? `The newest are ${tags.slice(0, 3).join(', ')}.`
        : 'There is no release tag at all in this repository.';
  return new BackoutError({
    code: 'E_TAG_NOT_FOUND',
    kind: 'usage',
    message: `There is no release tag ${JSON.stringify(name)}. ${hint}`,
    remedy,
  });
}

/** Insertions, deletions, replacements and swaps of neighbours; `most + 1` stands for more. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2];
      if (swapped && a[row - 2] === b[column - 1]) {
        least = Math.min(least, at(before, column - 2) + 1);
      }
      current.push(least);
    }
    before = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
