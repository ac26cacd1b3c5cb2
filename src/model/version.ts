import semver from 'semver';

/** How tags are numbered: `semver` (v1.4.0, v1.4.0-rc.1) or `calendar` (v2025.01.12, 2025.1.12-2). */
export type VersionScheme = 'semver' | 'calendar';

export interface Version {
  scheme: VersionScheme;
  /** Without prefix. */
  text: string;
  /** Numeric parts, most significant first. */
  parts: number[];
  /** True for a pre-release: never chosen by itself as something to go back to. */
  prerelease: boolean;
}

/**
 * Reads the version out of a tag. The pattern is a glob with one `*` for the version
 * (`v*`, `api/v*`, `release-*`). Undefined when the tag is not of the pattern or not a version.
 */
export function parseVersion(
  tag: string,
  pattern: string,
  scheme: VersionScheme,
): Version | undefined {
  const [prefix = '', suffix = ''] = pattern.split('*', 2);
  const fits = tag.startsWith(prefix) && tag.endsWith(suffix);
  if (!fits || tag.length <= prefix.length + suffix.length) return undefined;
  const text = tag.slice(prefix.length, tag.length - suffix.length);
  // semver reads `v1.0.0`, `=1.0.0` and `1.0.0 ` as versions. A `v` is welcome where the pattern
  // says nothing about what comes first (`*`); after `v*`, `vv1.0.0` is somebody's mistake.
  if (!(prefix === '' ? /^v?\d\S*$/ : /^\d\S*$/).test(text)) return undefined;
  return scheme === 'semver' ? parseSemantic(text) : parseCalendar(text);
}

function parseSemantic(text: string): Version | undefined {
  const parsed = semver.parse(text);
  if (parsed === null) return undefined;
  return {
    scheme: 'semver',
    text,
    parts: [parsed.major, parsed.minor, parsed.patch],
    prerelease: parsed.prerelease.length > 0,
  };
}

/** Year, month, day or week, then any number of counters; leading zeros are allowed and ignored. */
function parseCalendar(text: string): Version | undefined {
  const numbers = text.replace(/^v/, '');
  if (!/^\d{4}([.-]\d{1,4}){1,4}$/.test(numbers)) return undefined;
  const parts = numbers.split(/[.-]/).map(Number);
  return { scheme: 'calendar', text, parts, prerelease: false };
}

/** Negative when `a` is older, positive when it is newer, 0 when they are of the same rank. */
export function compareVersions(a: Version, b: Version): number {
  const length = Math.max(a.parts.length, b.parts.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (a.parts[index] ?? 0) - (b.parts[index] ?? 0);
    if (difference !== 0) return difference;
  }
  // Only now: reading the texts again takes ten times as long, and hardly ever decides.
  if (a.scheme === 'semver' && b.scheme === 'semver') return semver.compare(a.text, b.text);
  return 0;
}
