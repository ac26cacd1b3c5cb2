/**
 * Our mark in the description of an alias: `[backout fence=7]`, and `[backout fence=7 to=12]` while
 * traffic is being moved in two steps. UpdateAlias changes version, description and weights in one
 * call, under the guard of a revision: so the fence is a real one among all holders of our lease.
 *
 *     old holder (fence 6)  reads fence 5, revision A ──┤ stopped ├── update, guard A ── 412
 *     new holder (fence 7)      reads fence 5, revision A ── update, guard A ── 7 is stored
 *
 * A later read by the old holder sees 7 and is refused. What it cannot do: a deploy program that
 * writes the description itself wipes the number out.
 */

/** AWS allows 256 characters in a description. */
const LONGEST = 256;
const MARK = /\s*\[backout fence=(\d{1,16})(?: to=(\d{1,20}))?\]/;

export interface AliasMark {
  fence: number;
  /** The version that traffic is being moved to; only during a move in two steps. */
  movingTo?: string;
}

export function readMark(description: string): AliasMark | undefined {
  const [, fence, movingTo] = description.match(MARK) ?? [];
  if (fence === undefined) return undefined;
  return { fence: Number(fence), ...(movingTo === undefined ? {} : { movingTo }) };
}

/** The description with this mark; somebody else's words stay, cut only where there is no room. */
export function withMark(description: string, { fence, movingTo }: AliasMark): string {
  const mark = `[backout fence=${fence}${movingTo === undefined ? '' : ` to=${movingTo}`}]`;
  const words = description.replace(MARK, '').trim();
  return `${words.slice(0, LONGEST - mark.length - 1)} ${mark}`.trim();
}
