import type { Changes, Description } from '../model/description.ts';
import type { Hold, Release, ReleaseDetails, ReleaseStatus, Tag } from '../model/release.ts';
import type { Scope } from '../model/scope.ts';

/** A deployment that happened. */
export interface NewRelease {
  tag: string;
  commit: string;
  at: string;
  details?: ReleaseDetails;
}

/** What was deployed, and how it turned out. */
export interface ReleaseRecords {
  list(scope: Scope): Promise<Release[]>;
  /**
   * Records that a tag went live now (status `deployed`), or again (its status and hold are kept,
   * its time is not). What is known of it is added to, and said anew where it is said again.
   * @throws BackoutError E_TAG_MOVED when the tag was recorded with another commit
   */
  record(scope: Scope, release: NewRelease): Promise<Release>;
  /**
   * Bad stays bad until its hold is ended: a `good` that arrives late must not overwrite it.
   * @throws BackoutError E_RELEASE_UNKNOWN, E_RELEASE_BAD (refused) when it is bad and `status` is not
   */
  mark(scope: Scope, tag: string, status: ReleaseStatus): Promise<void>;
  /**
   * `hold: undefined` ends the hold; a bad release is then `deployed` again, so it has to prove
   * itself anew. The first hold's reason is kept.
   * @param since ends only the hold that was put then: an answer that comes late must not end the
   * next one. Left out: whichever there is
   * @throws BackoutError E_RELEASE_UNKNOWN
   */
  hold(scope: Scope, tag: string, hold: Hold | undefined, since?: string): Promise<void>;
}

/** The git repository. Read only. */
export interface Repository {
  /** Tags of the pattern that are versions, newest version first. */
  tags(): Promise<Tag[]>;
  /** Commit a tag, branch or commit name stands for; undefined when there is none. */
  resolve(name: string): Promise<string | undefined>;
  /** Whether `ancestor` is reachable from `commit`. */
  isAncestor(ancestor: string, commit: string): Promise<boolean>;
  /** Commits in `to` but not in `from`, newest first, at most `limit`. */
  commitsBetween(
    from: string,
    to: string,
    limit: number,
  ): Promise<{ commit: string; subject: string }[]>;
  /** How much lies between: commits in `to` but not in `from`, files that differ; `limit` paths. */
  changesBetween(from: string, to: string, limit: number): Promise<Changes>;
  /** The commit by the last release in its history; undefined when there is none. */
  describe(commit: string): Promise<Description | undefined>;
  /** Content of a file at a commit; undefined when it is not there. */
  fileAt(commit: string, path: string): Promise<string | undefined>;
}
