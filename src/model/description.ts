/** Where a commit stands after the last release in its history, as `git describe` says it. */
export interface Description {
  /** The nearest release tag in its history; of several on one commit, the one that git prefers. */
  tag: string;
  /** Commits in its history that are not in the tag's; 0 when it is the tagged commit. */
  distance: number;
  /** `v1.4.0`, or `v1.4.0-3-gabc1234def` for three commits after it. */
  text: string;
}

/** What lies between two commits. */
export interface Changes {
  /** Commits in the newer but not in the older. */
  commits: number;
  /** Files that differ. */
  files: number;
  /** Their paths from the root of the repository, in order; the first ones, up to a limit. */
  paths: string[];
}

/** @param commit whole name of the commit that is `distance` after the tag */
export function describeAs(tag: string, distance: number, commit: string): Description {
  const text = distance === 0 ? tag : `${tag}-${distance}-g${commit.slice(0, 10)}`;
  return { tag, distance, text };
}
