import { isCommitFormat, isTagFormat } from '../../model/release.ts';
import type { ReleaseRef } from '../../ports/target.ts';

/** What something on AWS says about the release that it is. */
export interface NamedRelease {
  tag: string;
  /** Full commit; undefined when only the tag is written down. */
  commit?: string;
}

/**
 * The release that a description or a tag on AWS names: `v1.4.0`, or `v1.4.0 COMMIT` with the full
 * commit, and nothing else. Undefined for any other text: a sentence that happens to begin with
 * something like a tag must not be taken for a release, because that ends in the wrong rollback.
 */
export function readReleaseText(text: string | undefined): NamedRelease | undefined {
  const [tag = '', commit, ...more] = (text ?? '').trim().split(/\s+/);
  if (more.length > 0 || !isTagFormat(tag)) return undefined;
  if (commit === undefined) return { tag };
  return isCommitFormat(commit) ? { tag, commit } : undefined;
}

/** Whether both are the same; a commit that nobody wrote down is not held against it. */
export function isRelease(found: NamedRelease | undefined, wanted: ReleaseRef): boolean {
  if (found === undefined || found.tag !== wanted.tag) return false;
  return found.commit === undefined || found.commit === wanted.commit;
}

/** For people: `v1.4.0`, or `a release nobody named`. */
export function showRelease(release: NamedRelease | undefined): string {
  return release?.tag ?? 'a release nobody named';
}
