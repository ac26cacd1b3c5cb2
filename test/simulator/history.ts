/** What was before the night began: four releases, the last of which is bad and live. */

import { memoryRepository } from '../../src/adapters/memory/repository.ts';
import type { ReleaseRecords, Repository } from '../../src/ports/releases.ts';
import type { ReleaseRef } from '../../src/ports/target.ts';

export const SCOPE = { service: 'storefront', environment: 'production' };

/** Sunday, in the night: when it always happens. */
export const START = Date.UTC(2025, 0, 12, 3);

const DAY_MS = 86_400_000;

const release = (tag: string, digit: string): ReleaseRef => ({ tag, commit: digit.repeat(40) });

/** Live when the night begins. */
export const BAD = release('v1.2.0', 'd');

/** In the order of their commits. The last one is on nobody's target yet. */
export const RELEASES: readonly ReleaseRef[] = [
  release('v1.0.0', 'a'),
  release('v1.1.0', 'b'),
  release('v1.1.1', 'c'),
  BAD,
  release('v1.3.0', 'e'),
];

const at = (index: number): string => new Date(START - (6 - index) * DAY_MS).toISOString();

/** v1.1.1 was held some days ago; v1.3.0 was never deployed. */
export async function publishHistory(releases: ReleaseRecords): Promise<void> {
  for (const [index, one] of RELEASES.slice(0, 4).entries()) {
    await releases.record(SCOPE, { ...one, at: at(index) });
  }
  for (const tag of ['v1.0.0', 'v1.1.0', 'v1.1.1']) await releases.mark(SCOPE, tag, 'good');
  await releases.hold(SCOPE, 'v1.1.1', { reason: 'loses orders', by: 'kim', at: at(4) });
}

export function openRepository(): Repository {
  return memoryRepository({
    tagPattern: 'v*',
    scheme: 'semver',
    tags: RELEASES.map(({ tag, commit }, index) => ({
      name: tag,
      commit,
      annotated: true,
      at: at(index),
    })),
    commits: RELEASES.map(({ tag, commit }, index) => ({
      commit,
      parents: RELEASES.slice(0, index)
        .slice(-1)
        .map((parent) => parent.commit),
      subject: `Release ${tag}`,
    })),
  });
}

/** The flag that nothing reads, for the test of flags. */
export const CANARY = { group: 'rehearsal', name: 'canary', default: true, safe: false };
