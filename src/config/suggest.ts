/** "Did you mean": the known word that a mistyped one is closest to. */

/** Longer words are no names: comparing two of 100 KB each would take minutes. */
const LONGEST = 100;

/** As many names are compared, and listed: more help nobody. */
const MOST_COMPARED = 200;
const MOST_LISTED = 20;

/** The closest of `known` by edit distance, or undefined when none is close enough to be meant. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  // A third of the letters wrong is a slip; more is another word.
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known.slice(0, MOST_COMPARED)) {
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && (best === undefined || distance < best.distance)) {
      best = { word: candidate, distance };
    }
  }
  return best?.word;
}

/** A remedy that offers the closest known word, or lists all of them. */
export function suggestRemedy(word: string, known: readonly string[]): string {
  const close = suggest(word, known);
  if (close !== undefined) return `Did you mean "${close}"?`;
  if (known.length === 0) return 'There is none; define it first, or remove this.';
  const listed = known.toSorted().slice(0, MOST_LISTED).join(', ');
  return `Known: ${listed}${known.length > MOST_LISTED ? ' and more' : ''}.`;
}

/** Letters to insert, delete or replace; swapping two neighbours counts once. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
