import { BackoutError } from './error.ts';
import { type Version, compareVersions } from './version.ts';

/** A git tag that names a release. */
export interface Tag {
  name: string;
  /** The commit it finally points at, 40 hexadecimal digits; for annotated tags too. */
  commit: string;
  annotated: boolean;
  /** Tagger's or committer's time, ISO 8601 UTC. */
  at: string;
  version: Version;
}

/**
 * deployed → baking → good, or bad from anywhere. Only `good` can be a last known good: its bake
 * ended with a passed verdict.
 */
export type ReleaseStatus = 'deployed' | 'baking' | 'good' | 'bad';

/** A release that must not be deployed again. */
export interface Hold {
  reason: string;
  incident?: string;
  by: string;
  at: string;
}

/** What was recorded about an immutable deployed version. */
export interface Release {
  tag: string;
  commit: string;
  status: ReleaseStatus;
  /** Last time it went live, ISO 8601 UTC. */
  deployedAt: string;
  hold?: Hold;
}

/** Why a recorded release is not what we go back to. */
export interface Rejection {
  tag: string;
  why: string;
}

export interface KnownGood {
  /** The last known good, or undefined when there is none. */
  release: Release | undefined;
  /** Every other recorded release that is newer, or of the same age, with the reason. */
  rejected: Rejection[];
}

export interface KnownGoodInput {
  releases: readonly Release[];
  tags: readonly Tag[];
  /** Tag that is live now, as the target itself says; undefined when it cannot say. */
  live: string | undefined;
}

/** Why this release cannot be gone back to, or undefined when it can. */
export function rejectionOf(release: Release, input: KnownGoodInput): string | undefined {
  const tag = input.tags.find((candidate) => candidate.name === release.tag);
  if (release.tag === input.live) return 'it is live now';
  if (release.status === 'bad') return 'it was marked bad';
  if (release.hold !== undefined) return `it is held: ${release.hold.reason}`;
  if (release.status !== 'good') return 'its bake never ended with a passed verdict';
  if (tag === undefined) return 'its git tag is gone';
  if (tag.commit !== release.commit) {
    return `its tag was moved: now ${tag.commit.slice(0, 10)}, was deployed as ${release.commit.slice(0, 10)}`;
  }
  const live = input.tags.find((candidate) => candidate.name === input.live);
  if (live !== undefined && compareVersions(tag.version, live.version) > 0) {
    return 'it is newer than what is live: that would be a deploy';
  }
  return undefined;
}

/**
 * The newest release, by the time it last went live, whose bake passed, that is not held, not bad,
 * not live, and whose tag still points where it did. "Previous" is a different thing.
 */
export function lastKnownGood(input: KnownGoodInput): KnownGood {
  const rejected: Rejection[] = [];
  const newestFirst = input.releases.toSorted((a, b) => (a.deployedAt < b.deployedAt ? 1 : -1));
  for (const release of newestFirst) {
    const why = rejectionOf(release, input);
    if (why === undefined) return { release, rejected };
    rejected.push({ tag: release.tag, why });
  }
  return { release: undefined, rejected };
}

/** Letters, digits and `. _ / -`, not starting with a dash: safe in argument lists, paths, messages. */
export function requireTagFormat(tag: string): void {
  if (/^[A-Za-z0-9._/][A-Za-z0-9._/-]{0,199}$/.test(tag) && !tag.includes('..')) return;
  throw new BackoutError({
    code: 'E_TAG_FORMAT',
    kind: 'usage',
    message: `${JSON.stringify(tag.slice(0, 80))} is not a release tag: letters, digits, . _ / - only.`,
    remedy: 'Copy the tag from `backout assess`, which lists the releases you can go back to.',
  });
}
