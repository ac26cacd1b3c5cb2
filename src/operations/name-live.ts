import {
  commitOfLive,
  type History,
  isCommitName,
  nameSaid,
  tagOfLiveMoved,
} from '../model/live.ts';
import type { LiveRelease } from '../ports/target.ts';

/** What one target says is live. */
export interface TargetLive {
  name: string;
  live: LiveRelease;
}

/** Targets that say a commit mean the release that is at it. */
export function nameTargets(targets: readonly TargetLive[], history: History): TargetLive[] {
  return targets.map(({ name, live }) => ({
    name,
    live: live.known ? nameSaid(live, history) : live,
  }));
}

/** Whether somebody says a commit: then git has to be asked what it is called. */
export function saysCommit(targets: readonly TargetLive[]): boolean {
  return targets.some(({ live }) => live.known && isCommitName(live.tag));
}

/**
 * The commit that runs as the live release, and what is odd about its tag.
 * @param live the release that the targets agree on
 */
export function commitThatRuns(
  live: string | undefined,
  targets: readonly TargetLive[],
  history: History,
): { liveCommit: string | undefined; oddities: string[] } {
  const said = targets.flatMap((one) => (one.live.known ? [one.live] : []));
  const liveCommit = commitOfLive(live, said, history);
  const oddity = tagOfLiveMoved(live, liveCommit, history);
  return { liveCommit, oddities: oddity === undefined ? [] : [oddity] };
}
