import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion, type VersionScheme } from '../../src/model/version.ts';

function sorted(tags: string[], pattern: string, scheme: VersionScheme): string[] {
  return tags
    .flatMap((tag) => {
      const version = parseVersion(tag, pattern, scheme);
      return version === undefined ? [] : [{ tag, version }];
    })
    .toSorted((a, b) => compareVersions(a.version, b.version))
    .map(({ tag }) => tag);
}

describe('the version in a tag', () => {
  it.each<[string, string, VersionScheme, string | undefined]>([
    ['v1.4.0', 'v*', 'semver', '1.4.0'],
    ['v1.4.0-rc.1', 'v*', 'semver', '1.4.0-rc.1'],
    ['v1.4.0+build.5', 'v*', 'semver', '1.4.0+build.5'],
    ['1.4.0', '*', 'semver', '1.4.0'],
    ['v1.4.0', '*', 'semver', 'v1.4.0'],
    ['api/v1.4.0', 'api/v*', 'semver', '1.4.0'],
    ['release-1.4.0-prod', 'release-*-prod', 'semver', '1.4.0'],
    ['v2025.01.12', 'v*', 'calendar', '2025.01.12'],
    ['2025.1.12-2', '*', 'calendar', '2025.1.12-2'],
    ['v2025.04', 'v*', 'calendar', '2025.04'],
    ['web/2025-01-12.3', 'web/*', 'calendar', '2025-01-12.3'],
    // Not of the pattern, or not a version.
    ['1.4.0', 'v*', 'semver', undefined],
    ['vv1.4.0', 'v*', 'semver', undefined],
    ['v=1.4.0', 'v*', 'semver', undefined],
    ['v', 'v*', 'semver', undefined],
    ['v1.4', 'v*', 'semver', undefined],
    ['v1', 'v*', 'semver', undefined],
    ['v01.4.0', 'v*', 'semver', undefined],
    ['v1.4.0 ', 'v*', 'semver', undefined],
    ['v99999999999999999999.0.0', 'v*', 'semver', undefined],
    ['web/v1.4.0', 'api/v*', 'semver', undefined],
    ['web/v1.4.0', '*', 'semver', undefined],
    ['vnext', 'v*', 'semver', undefined],
    ['', '*', 'semver', undefined],
    ['v2025', 'v*', 'calendar', undefined],
    ['v1.4.0', 'v*', 'calendar', undefined],
    ['v2025.01.12-rc1', 'v*', 'calendar', undefined],
    ['v2025..12', 'v*', 'calendar', undefined],
    // The ends of the pattern may not overlap in the tag.
    ['ab', 'ab*b', 'semver', undefined],
  ])('of %j with the pattern %j, %s, is %j', (tag, pattern, scheme, text) => {
    expect(parseVersion(tag, pattern, scheme)?.text).toBe(text);
  });

  it('knows pre-releases', () => {
    expect(parseVersion('v1.4.0-rc.1', 'v*', 'semver')?.prerelease).toBe(true);
    expect(parseVersion('v1.4.0+5', 'v*', 'semver')?.prerelease).toBe(false);
    expect(parseVersion('v2025.1.2-3', 'v*', 'calendar')?.prerelease).toBe(false);
  });

  it('ignores leading zeros in calendar versions', () => {
    expect(parseVersion('v2025.01.02', 'v*', 'calendar')?.parts).toEqual([2025, 1, 2]);
  });
});

describe('the order of versions', () => {
  it('is by number, not by letter, with pre-releases before their release', () => {
    const tags = ['v1.10.0', 'v1.9.0', 'v2.0.0', 'v2.0.0-rc.10', 'v2.0.0-rc.9', 'v1.9.1', 'latest'];
    expect(sorted(tags, 'v*', 'semver')).toEqual([
      'v1.9.0',
      'v1.9.1',
      'v1.10.0',
      'v2.0.0-rc.9',
      'v2.0.0-rc.10',
      'v2.0.0',
    ]);
  });

  it('is by date and then by counter for calendar versions', () => {
    const tags = [
      '2025.10.1',
      '2025.9.30',
      '2025.09.30-2',
      '2025.9.30-10',
      '2024.12.31',
      '2025.10',
    ];
    expect(sorted(tags, '*', 'calendar')).toEqual([
      '2024.12.31',
      '2025.9.30',
      '2025.09.30-2',
      '2025.9.30-10',
      '2025.10',
      '2025.10.1',
    ]);
  });

  it.each<[string, string, VersionScheme]>([
    ['v1.0.0+a', 'v1.0.0+b', 'semver'],
    ['v2025.1.2', 'v2025.01.02', 'calendar'],
    ['v2025.1', 'v2025.1.0', 'calendar'],
  ])('does not tell %s from %s', (a, b, scheme) => {
    expect(sorted([a, b], 'v*', scheme)).toEqual([a, b]);
    expect(sorted([b, a], 'v*', scheme)).toEqual([b, a]);
  });

  it('is the same whichever way two versions are compared', () => {
    const versions = ['v1.0.0', 'v1.0.0-a', 'v1.0.0-a.1', 'v0.9.9', 'v1.0.1'].flatMap(
      (tag) => parseVersion(tag, 'v*', 'semver') ?? [],
    );
    for (const a of versions) {
      for (const b of versions) {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
      }
    }
  });
});
