import type { Release } from '../../model/release.ts';
import type { Scope } from '../../model/scope.ts';
import type { ReleaseRecords } from '../../ports/releases.ts';
import { storable } from '../../model/journal-rules.ts';
import { mergeDetails, releaseBad, releaseUnknown, tagMoved } from '../../model/release-rules.ts';

/** Release records within one process: for tests, the simulator and dry runs. */
export function memoryReleases(): ReleaseRecords {
  const byScope = new Map<string, Map<string, Release>>();

  const recordsOf = (scope: Scope): Map<string, Release> => {
    const name = JSON.stringify([scope.service, scope.environment]);
    const records = byScope.get(name) ?? new Map<string, Release>();
    byScope.set(name, records);
    return records;
  };
  const find = (scope: Scope, tag: string): Release => {
    const release = recordsOf(scope).get(tag);
    if (release === undefined) throw releaseUnknown(scope, tag);
    return release;
  };

  return {
    list: async (scope) => structuredClone([...recordsOf(scope).values()].toSorted(lastLiveFirst)),
    record: async (scope, { tag, commit, at, details }) => {
      const known = recordsOf(scope).get(tag);
      if (known !== undefined && known.commit !== commit) {
        throw tagMoved(scope, tag, known.commit, commit);
      }
      const deployedAt = new Date(at).toISOString();
      const release: Release = known ?? { tag, commit, status: 'deployed', deployedAt };
      // A record that arrives late must not turn the time back.
      const isLate = deployedAt < release.deployedAt;
      const said = isLate
        ? mergeDetails(details, release.details)
        : mergeDetails(release.details, details);
      if (said !== undefined) release.details = said;
      if (!isLate) release.deployedAt = deployedAt;
      recordsOf(scope).set(tag, release);
      return structuredClone(release);
    },
    mark: async (scope, tag, status) => {
      const release = find(scope, tag);
      if (release.status === 'bad' && status !== 'bad') throw releaseBad(scope, tag, status);
      release.status = status;
    },
    hold: async (scope, tag, hold, since) => {
      const release = find(scope, tag);
      if (hold === undefined) {
        if (since !== undefined && release.hold?.at !== since) return;
        delete release.hold;
        if (release.status === 'bad') release.status = 'deployed';
      } else {
        const { reason, by, at } = hold;
        release.hold ??= {
          ...hold,
          reason: storable(reason),
          by: storable(by),
          at: new Date(at).toISOString(),
        };
      }
    },
  };
}

function lastLiveFirst(a: Release, b: Release): number {
  if (a.deployedAt !== b.deployedAt) return a.deployedAt < b.deployedAt ? 1 : -1;
  return a.tag < b.tag ? -1 : 1;
}
