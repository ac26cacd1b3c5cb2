import { type Evidence, newestFirst } from '../model/eligibility.ts';
import type { Release } from '../model/release.ts';
import { gatherEvidence } from './gather-evidence.ts';
import type { OperationPorts } from './operation-ports.ts';

/** A good release that has to stay ready to go back to. */
export interface KeptRelease {
  release: Release;
  /** What each target says of its artefact now. */
  artefacts: Evidence['artefacts'];
}

/**
 * The newest good releases that are not held, by when they were last live, and whether the platform
 * still has them. What cleans up old artefacts has to leave these; one that is gone is better found
 * out here than by a rollback.
 * @param keep how many, `releases.keep_good` of backout.yml
 * @throws BackoutError E_RELEASES_UNREACHABLE, and what the repository throws
 */
export async function keptReleases(ports: OperationPorts, keep: number): Promise<KeptRelease[]> {
  const [releases, tags] = await Promise.all([
    ports.releases.list(ports.scope),
    ports.repository.tags(),
  ]);
  const good = newestFirst({ releases, tags }).filter(
    ({ status, hold }) => status === 'good' && hold === undefined,
  );
  // Only the platform is asked: history and migrations are a matter of what is live then.
  const { migrations: _migrations, ...asked } = ports;
  return await Promise.all(
    good.slice(0, keep).map(async (release) => {
      const { artefacts } = await gatherEvidence(asked, release, undefined);
      return { release, artefacts };
    }),
  );
}
