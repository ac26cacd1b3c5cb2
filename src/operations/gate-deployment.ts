import { BackoutError } from '../model/error.ts';
import { targetResource } from '../model/lease.ts';
import { tagNotFound } from '../model/nearest.ts';
import { tagMoved } from '../model/release-rules.ts';
import { heldBy, requireTagFormat } from '../model/release.ts';
import type { OperationPorts } from './operation-ports.ts';

/**
 * Whether a pipeline may deploy this now. A release that is held must not come back by the usual
 * way either, also not under another tag; and nothing is deployed into a rollback. What cannot be
 * read is no permission.
 * @throws BackoutError E_TAG_BAD, E_TAG_MOVED, E_LEASE_HELD (refused); E_TAG_NOT_FOUND (usage);
 * E_RELEASES_UNREACHABLE, E_LEASES_UNREACHABLE
 */
export async function gateDeployment(ports: OperationPorts, tag: string): Promise<void> {
  requireTagFormat(tag);
  const resources = ports.facts.targets.map(({ name }) => targetResource(ports.scope, name));
  const [tags, releases, leases] = await Promise.all([
    ports.repository.tags(),
    ports.releases.list(ports.scope),
    ports.leases.inspect(resources),
  ]);
  // Its commit may be held under another tag: what git does not know cannot be compared. And what is
  // no release of this service, as a tag of its neighbour in a shared repository, is not judged by it.
  const commit = tags.find(({ name }) => name === tag)?.commit;
  if (commit === undefined) {
    const pattern = ports.facts.eligibility?.tagPattern;
    const fits =
      pattern === undefined ? '' : ` Releases of this service fit ${JSON.stringify(pattern)}.`;
    throw tagNotFound(
      tag,
      tags.map(({ name }) => name),
      `Run \`git fetch --tags\` first: the gate compares the commit of the tag with what is held.${fits}`,
    );
  }
  const [lease] = leases;
  if (lease !== undefined) {
    throw new BackoutError({
      code: 'E_LEASE_HELD',
      kind: 'refused',
      message: `${lease.holder} is changing ${lease.resource} for incident ${lease.incident}, until ${lease.expiresAt} at the latest.`,
      state: `${tag} was not deployed.`,
      remedy: `See \`backout incident show ${lease.incident}\`; deploy again when it is over.`,
    });
  }
  const bad = heldBy(releases, { tag, commit });
  if (bad === undefined) {
    // What could not be recorded afterwards is better not deployed.
    const recorded = releases.find((release) => release.tag === tag);
    if (recorded === undefined || recorded.commit === commit) return;
    throw tagMoved(ports.scope, tag, recorded.commit, commit);
  }
  const { hold } = bad;
  const where = hold?.incident === undefined ? '' : ` in incident ${hold.incident}`;
  const same = bad.tag === tag ? '' : `, the same commit as ${tag},`;
  const why =
    hold === undefined
      ? 'was marked bad'
      : `is held since ${hold.at} by ${hold.by}${where}: ${hold.reason}`;
  throw new BackoutError({
    code: 'E_TAG_BAD',
    kind: 'refused',
    message: `${bad.tag}${same} ${why}.`,
    state: `${tag} was not deployed.`,
    remedy: `Deploy another release, or end the hold: \`backout release unhold ${bad.tag} --reason "…"\`.`,
  });
}
