import { artefactOn, type Release } from '../model/release.ts';
import type { LivePart } from './live-state.ts';

/**
 * What the platform cannot name itself is named by the record: the one release that was recorded to
 * be, on this target, what runs there. When two releases have the same artefact it stays unknown.
 */
export function nameByRecord(
  targets: readonly LivePart[],
  releases: readonly Pick<Release, 'tag' | 'commit' | 'details'>[],
): LivePart[] {
  return targets.map((said) => {
    const { name, live } = said;
    if (live.known) return said;
    const [only, ...more] = releases.filter(({ details }) => {
      const { artefact } = artefactOn(details, name);
      return artefact !== undefined && live.artefacts?.includes(artefact) === true;
    });
    if (only === undefined || more.length > 0) return said;
    const { tag, commit } = only;
    const { artefact = '' } = artefactOn(only.details, name);
    return { name, live: { known: true, tag, commit, detail: `${artefact}, by its record` } };
  });
}
