import type { SelectedConfig } from '../config/select.ts';
import type { FlagType, ReleaseDetails } from '../model/release.ts';

/** What `backout.yml` says that the code of a release relies on. */
export function detailsOfConfig(
  { flags }: Pick<SelectedConfig, 'flags'>,
  configHash: string,
): ReleaseDetails {
  const types = Object.values(flags.groups).flatMap((group) =>
    Object.entries(group.flags).map(([name, { default: value }]) => [name, typeOf(value)] as const),
  );
  return { flags: Object.fromEntries(types), configHash };
}

function typeOf(value: boolean | number | string): FlagType {
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'number' ? 'number' : 'string';
}
