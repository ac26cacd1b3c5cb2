import type { TargetChange } from './target.ts';

/** What is asked about a target: how it came to run a release again. */
export interface ChangeQuestion {
  target: string;
  tag: string;
  commit: string;
  /** Only changes at or after it count, ISO 8601 UTC. */
  since: string;
}

/** A record of changes outside of the targets: an audit trail, the deployments of a platform. */
export interface ChangeHistory {
  /** For people: `CloudTrail`, `GitHub`. */
  readonly name: string;
  /**
   * Changes of the target, newest first, at most 5. What happened now may only be told later: it is
   * asked again for half an hour. May throw.
   */
  changes(question: ChangeQuestion, signal: AbortSignal): Promise<TargetChange[]>;
}
