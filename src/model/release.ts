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
 * deployed → baking → good, or bad from anywhere, and from bad only back to deployed, when a person
 * ends the hold. Only `good` can be a last known good: its bake ended with a passed verdict.
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
  if (live === undefined) return undefined;
  if (compareVersions(tag.version, live.version) > 0) {
    return 'it is newer than what is live: that would be a deploy';
  }
  if (tag.commit === live.commit) {
    return `it is the same commit as ${live.name}, which is live: nothing would change`;
  }
  return undefined;
}

/**
 * Why this release is not chosen by itself, though a person may name it: a pre-release, unless
 * what is live is one too (then pre-releases are what this environment runs).
 */
function reluctanceOf(release: Release, input: KnownGoodInput): string | undefined {
  const versionOf = (name: string | undefined): Version | undefined =>
    input.tags.find((tag) => tag.name === name)?.version;
  if (versionOf(release.tag)?.prerelease !== true) return undefined;
  if (versionOf(input.live)?.prerelease === true) return undefined;
  return 'it is a pre-release: name it yourself to go back to it';
}

/**
 * The newest release, by the time it last went live, whose bake passed, that is not held, not bad,
 * not live, and whose tag still points where it did. "Previous" is a different thing.
 */
export function lastKnownGood(input: KnownGoodInput): KnownGood {
  const rejected: Rejection[] = [];
  for (const release of newestFirst(input)) {
    const why = rejectionOf(release, input) ?? reluctanceOf(release, input);
    if (why === undefined) return { release, rejected };
    rejected.push({ tag: release.tag, why });
  }
  return { release: undefined, rejected };
}

/** By the time they last went live; recorded in the same millisecond, the higher version first. */
function newestFirst(input: KnownGoodInput): Release[] {
  const versions = new Map(input.tags.map((tag) => [tag.name, tag.version]));
  return input.releases.toSorted((a, b) => {
    if (a.deployedAt !== b.deployedAt) return a.deployedAt < b.deployedAt ? 1 : -1;
    const [ours, theirs] = [versions.get(a.tag), versions.get(b.tag)];
    return ours === undefined || theirs === undefined ? 0 : compareVersions(theirs, ours);
  });
}

/**
 * Whether a tag is safe in argument lists, paths, file names and messages: 1 to 200 letters, digits
 * and `. _ / - + @`. No part between slashes is empty or starts with anything but a letter, a digit
 * or `_`: so it is no option (`-x`), no absolute path, no hidden or parent folder, no `@file`.
 */
export function isTagFormat(tag: string): boolean {
  const parts = /^[A-Za-z0-9_][A-Za-z0-9._+@-]*(\/[A-Za-z0-9_][A-Za-z0-9._+@-]*)*$/;
  return tag.length <= 200 && parts.test(tag) && !tag.includes('..');
}

/** @throws BackoutError E_TAG_FORMAT (usage) unless {@link isTagFormat} */
export function requireTagFormat(tag: string): void {
  if (isTagFormat(tag)) return;
  throw new BackoutError({
    code: 'E_TAG_FORMAT',
    kind: 'usage',
    message: `${JSON.stringify(tag.slice(0, 80))} is not a release tag: letters, digits, . _ / - + @ only.`,
    remedy: 'Copy the tag from `backout assess`, which lists the releases you can go back to.',
  });
}

/** 40 hexadecimal digits (SHA-1), or 64 (SHA-256); never the short form, which can become ambiguous. */
export function isCommitFormat(commit: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit);
}

/**
 * Both reach arguments, scripts and calls of whatever deploys.
 * @throws BackoutError E_TAG_FORMAT, E_COMMIT_FORMAT (usage)
 */
export function requireReleaseFormat({ tag, commit }: { tag: string; commit: string }): void {
  requireTagFormat(tag);
  if (isCommitFormat(commit)) return;
  throw new BackoutError({
    code: 'E_COMMIT_FORMAT',
    kind: 'usage',
    message: `${JSON.stringify(commit.slice(0, 80))} is not a full commit of 40 digits.`,
    remedy: 'Name the release by its tag; the commit is read from git.',
  });
}
