/** What a target says is live, in the words of git and of the records. Pure. */

import { isCommitFormat, type Release, type Tag } from './release.ts';

/** As a target says it. Programs that know nothing but commits say one in place of the tag. */
export interface Said {
  tag: string;
  commit?: string | undefined;
}

/** At least as long as git's own short form. */
export function isCommitName(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text);
}

/** Whether what a target says is this release. With another commit, the same tag is another one. */
export function runsRelease(said: Said, release: { tag: string; commit: string }): boolean {
  if (said.commit !== undefined && said.commit !== release.commit) return false;
  if (said.tag === release.tag) return true;
  return isCommitName(said.tag) && release.commit.startsWith(said.tag);
}

/** What runs in place of a release: with its commit where the tag is the same, `v1.2.0 (8bacb93e6d)`. */
export function describeOther({ tag, commit }: Said, wanted: { tag: string }): string {
  return commit === undefined || tag !== wanted.tag ? tag : `${tag} (${commit.slice(0, 10)})`;
}

export interface History {
  /** Newest version first. */
  tags: readonly Tag[];
  releases: readonly Release[];
}

/**
 * The release that a target means when it says a commit: of several tags on that commit the one
 * that was recorded last, else the highest version. Everything else is what it says.
 */
export function nameSaid<Live extends Said>(said: Live, { tags, releases }: History): Live {
  if (!isCommitName(said.tag) || tags.some(({ name }) => name === said.tag)) return said;
  const recorded = releases
    .filter(({ commit }) => commit.startsWith(said.tag))
    .toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1));
  const known = [
    ...recorded.map(({ tag, commit }) => ({ tag, commit })),
    ...tags.flatMap(({ name: tag, commit }) =>
      commit.startsWith(said.tag) ? [{ tag, commit }] : [],
    ),
  ];
  const [first] = known;
  // A short form that fits two commits says nothing.
  if (first === undefined || known.some(({ commit }) => commit !== first.commit)) return said;
  return { ...said, ...first };
}

/**
 * The commit that is live: as the targets say, else as it was recorded. The tag comes last: it may
 * have been moved since.
 */
export function commitOfLive(
  live: string | undefined,
  said: readonly Said[],
  { tags, releases }: History,
): string | undefined {
  if (live === undefined) return undefined;
  return (
    said.find(({ tag, commit }) => tag === live && commit !== undefined)?.commit ??
    (isCommitFormat(live) ? live : undefined) ??
    releases.find(({ tag }) => tag === live)?.commit ??
    tags.find(({ name }) => name === live)?.commit
  );
}

/** What is odd about the tag of what is live; undefined when it stands for what runs. */
export function tagOfLiveMoved(
  live: string | undefined,
  commit: string | undefined,
  { tags }: Pick<History, 'tags'>,
): string | undefined {
  const tag = tags.find(({ name }) => name === live);
  if (tag === undefined || commit === undefined || tag.commit === commit) return undefined;
  return `The tag ${tag.name} was moved: live is commit ${commit.slice(0, 10)}, and the tag stands for ${tag.commit.slice(0, 10)} now.`;
}
