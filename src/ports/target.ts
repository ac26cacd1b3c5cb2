/** The release to bring to a target. */
export interface ReleaseRef {
  tag: string;
  commit: string;
  /** What the record of the release calls it on this target; left out: nobody recorded that. */
  artefact?: string;
}

/** What a target says is live on it. */
export type LiveRelease =
  | { known: true; tag: string; commit?: string; detail: string; artefacts?: readonly string[] }
  | {
      known: false;
      problem: string;
      /**
       * Every name that the platform has for what is live (a version, its ARN, a digest). A record
       * with one of them knows which release that is.
       */
      artefacts?: readonly string[];
    };

/** What is known of a change of what is live. Texts are somebody else's words. */
export interface TargetChange {
  /** ISO 8601 UTC. */
  at?: string;
  /** Who or what did it: a user, a role, a program. */
  by?: string;
  /** By which way: a command, a deployment with its number. */
  how?: string;
}

export interface DeployGuard {
  /** Fencing number of our lease: the target refuses a lower one than it has seen. */
  fence: number;
  incident: string;
  /** Aborts when the step's cap is over; the adapter then ends what it started. */
  signal: AbortSignal;
}

/** One deployable part of a service. */
export interface Target {
  readonly name: string;
  readonly kind: string;
  /** Longest that `current` may need, in milliseconds. Left out: what its callers give, 5,000 or more. */
  readonly readMs?: number;
  /**
   * Proves that the release's artefact exists, before anything is touched.
   * @returns what nobody could tell (another registry, no permission), as a sentence without its
   * full stop; it is no reason not to go ahead
   * @throws BackoutError E_ARTEFACT_MISSING (refused)
   * @throws BackoutError E_ARTEFACT_MISMATCH (refused) when the record and the platform disagree
   */
  preflight(release: ReleaseRef): Promise<string | void>;
  /**
   * Makes the release live. Applying the live release again is a no-op.
   * @throws BackoutError E_FENCED (refused) when a newer holder was here
   * @throws BackoutError E_DEPLOY when the platform said no
   */
  apply(release: ReleaseRef, guard: DeployGuard): Promise<void>;
  /** Reads back what is live. Never throws for "cannot tell": that is `known: false`. */
  current(signal: AbortSignal): Promise<LiveRelease>;
  /**
   * What the target itself knows of its last change; undefined when it knows nothing. Left out: it
   * keeps no such record. Changes nothing, and may throw.
   */
  lastChange?(signal: AbortSignal): Promise<TargetChange | undefined>;
}

/** A target for those who only look: it has no way to change anything. */
export type TargetReader = Pick<Target, 'name' | 'kind' | 'readMs' | 'current' | 'lastChange'>;
