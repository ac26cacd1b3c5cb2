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
  /** Whether what happens now may only be told later, in milliseconds; 0 = it is there at once. */
  readonly lateMs: number;
  /** Changes that brought the release to the target, newest first, at most 5. May throw. */
  changes(question: ChangeQuestion, signal: AbortSignal): Promise<TargetChange[]>;
}
