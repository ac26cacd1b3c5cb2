import { describeOther, runsRelease } from '../model/live.ts';
import { tagNotFound } from '../model/nearest.ts';
import { type Release, type ReleaseDetails, requireTagFormat } from '../model/release.ts';
import { timestamp } from '../ports/clock.ts';
import { nameParts, readTargets } from './live-state.ts';
import type { OperationPorts } from './operation-ports.ts';

export interface RecordedRelease {
  release: Release;
  /** What does not fit: a target that says it runs something else. */
  problems: string[];
}

/**
 * Records that a tag went live now, with what the deployment says of itself. Asks the targets too:
 * what is recorded as live and is not would be chosen one day.
 * @throws BackoutError E_TAG_FORMAT, E_TAG_NOT_FOUND (usage), E_TAG_MOVED (refused),
 * E_RELEASES_UNREACHABLE
 */
export async function recordRelease(
  ports: OperationPorts,
  tag: string,
  details: ReleaseDetails,
): Promise<RecordedRelease> {
  requireTagFormat(tag);
  const [tags, targets] = await Promise.all([ports.repository.tags(), readTargets(ports)]);
  const found = tags.find(({ name }) => name === tag);
  if (found === undefined) {
    throw tagNotFound(
      tag,
      tags.map(({ name }) => name),
    );
  }
  const { commit } = found;
  const at = timestamp(ports.clock);
  const release = await ports.releases.record(ports.scope, { tag, commit, at, details });
  const problems = nameParts(targets, { tags: [], releases: [release] }).flatMap(
    ({ name, live }) => {
      if (!live.known) return [`${name} does not say what is live: ${live.problem}`];
      if (runsRelease(live, { tag, commit })) return [];
      const wanted = describeOther({ tag, commit }, live);
      return [`${name} says that ${describeOther(live, { tag })} is live, not ${wanted}.`];
    },
  );
  return { release, problems };
}
