import { BackoutError } from '../model/error.ts';
import { describeOther, runsRelease } from '../model/live.ts';
import { tagNotFound } from '../model/nearest.ts';
import { type Release, type ReleaseDetails, requireTagFormat } from '../model/release.ts';
import { timestamp } from '../ports/clock.ts';
import { readTargets } from './live-state.ts';
import { nameByRecord } from './name-by-record.ts';
import type { OperationPorts } from './operation-ports.ts';

export interface RecordedRelease {
  release: Release;
  /** What does not fit: a target that says it runs something else. */
  problems: string[];
}

/**
 * Records that a tag went live, with what the deployment says of itself. Asks the targets: what is
 * recorded as live and is not would be chosen one day.
 * @param at when that was, ISO 8601 UTC, for a release from before Backout: then nobody is asked.
 * Left out: now
 * @throws BackoutError E_TAG_FORMAT, E_TAG_NOT_FOUND (usage), E_TAG_MOVED, E_NOT_LIVE (refused),
 * E_RELEASES_UNREACHABLE
 */
export async function recordRelease(
  ports: OperationPorts,
  tag: string,
  details: ReleaseDetails,
  at?: string,
): Promise<RecordedRelease> {
  requireTagFormat(tag);
  const [tags, targets] = await Promise.all([
    ports.repository.tags(),
    at === undefined ? readTargets(ports) : [],
  ]);
  const found = tags.find(({ name }) => name === tag);
  if (found === undefined) {
    throw tagNotFound(
      tag,
      tags.map(({ name }) => name),
    );
  }
  const { commit } = found;
  const would = { tag, commit, details };
  const parts = nameByRecord(targets, [would]);
  const runs = parts.map(({ live }) => live.known && runsRelease(live, would));
  const problems = parts.flatMap(({ name, live }, index) => {
    if (!live.known) return [`${name} does not say what is live: ${live.problem}`];
    if (runs[index] === true) return [];
    const wanted = describeOther(would, live);
    return [`${name} says that ${describeOther(live, { tag })} is live, not ${wanted}.`];
  });
  // One that has it is a deployment half-way. None that has it, and one that says so, is a mistake.
  if (!runs.includes(true) && parts.some(({ live }) => live.known)) throw notLive(tag, problems);
  const release = await ports.releases.record(ports.scope, {
    tag,
    commit,
    at: at ?? timestamp(ports.clock),
    details,
  });
  return { release, problems };
}

function notLive(tag: string, problems: readonly string[]): BackoutError {
  return new BackoutError({
    code: 'E_NOT_LIVE',
    kind: 'refused',
    message: `${tag} did not go live: ${problems.join(' ')}`,
    state: 'Nothing was recorded.',
    remedy: `Record it again when it is live. If it was live before Backout was there, say when: \`backout release record ${tag} --at 2026-11-23T03:12:00Z\`.`,
  });
}
