import { BackoutError } from './error.ts';
import type { Version } from './version.ts';

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
  /** What was said when it went live; left out where nobody said it. */
  details?: ReleaseDetails;
}

/** Whether a release must not be deployed: it is held, or was found bad. */
export function isHeld({ hold, status }: Pick<Release, 'hold' | 'status'>): boolean {
  return hold !== undefined || status === 'bad';
}

/**
 * The record by which a release must not be deployed: that of its own tag, or of any other tag on the
 * same commit, for what is held is the code. Undefined where none speaks against it.
 * @param commit undefined where it is not known: then the tag alone is compared
 */
export function heldBy(
  releases: readonly Release[],
  { tag, commit }: { tag: string; commit?: string | undefined },
): Release | undefined {
  return (
    releases.find((one) => one.tag === tag && isHeld(one)) ??
    releases.find((one) => one.commit === commit && isHeld(one))
  );
}

/** What a deployment can say of itself, so that going back to it can be judged later. */
export interface ReleaseDetails {
  /** Per target what the platform calls its artefact: a digest, a version, a task definition. */
  artefacts?: Record<string, string>;
  /** Of the database, as the migration tool names it. */
  schemaVersion?: string;
  /** Type of each flag that backout.yml of this release has, by name. */
  flags?: Record<string, FlagType>;
  /** References that its code needs (`env:STRIPE_KEY`), as that backout.yml lists them; no values. */
  needs?: string[];
  /** SHA-256 of that backout.yml. */
  configHash?: string;
  /** Who or what deployed it. */
  actor?: string;
}

export type FlagType = 'boolean' | 'number' | 'string';

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
 * Whether an artefact is safe in argument lists and scripts: 1 to 500 letters, digits and
 * `. _ / : @ + = -`, as in digests, versions, ARNs and addresses. The first is a letter or a digit.
 */
export function isArtefactFormat(artefact: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._/:@+=-]{0,499}$/.test(artefact);
}

/**
 * All of them reach arguments, scripts and calls of whatever deploys.
 * @throws BackoutError E_TAG_FORMAT, E_COMMIT_FORMAT, E_ARTEFACT_FORMAT (usage)
 */
export function requireReleaseFormat(release: {
  tag: string;
  commit: string;
  artefact?: string;
}): void {
  const { tag, commit, artefact } = release;
  requireTagFormat(tag);
  if (!isCommitFormat(commit)) {
    throw new BackoutError({
      code: 'E_COMMIT_FORMAT',
      kind: 'usage',
      message: `${JSON.stringify(commit.slice(0, 80))} is not a full commit of 40 digits.`,
      remedy: 'Name the release by its tag; the commit is read from git.',
    });
  }
  if (artefact !== undefined && !isArtefactFormat(artefact)) throw artefactFormat(artefact);
}

export function artefactFormat(artefact: string): BackoutError {
  return new BackoutError({
    code: 'E_ARTEFACT_FORMAT',
    kind: 'usage',
    message: `${JSON.stringify(artefact.slice(0, 80))} is not the name of an artefact: a letter or a digit first, then also . _ / : @ + = - only.`,
    remedy:
      'Record it as the platform calls it: `backout release record TAG --artefact TARGET=ID`.',
  });
}

/** What a release was recorded to be; undefined when nobody said. */
export function detailsOf(releases: readonly Release[], tag: string): ReleaseDetails | undefined {
  return releases.find((one) => one.tag === tag)?.details;
}

/** What a release was recorded to be on one target, to be spread into what that target is asked. */
export function artefactOn(
  details: Pick<ReleaseDetails, 'artefacts'> | undefined,
  target: string,
): { artefact?: string } {
  const artefacts = details?.artefacts ?? {};
  const artefact = Object.hasOwn(artefacts, target) ? artefacts[target] : undefined;
  return artefact === undefined ? {} : { artefact };
}
