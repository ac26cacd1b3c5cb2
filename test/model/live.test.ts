import { describe, expect, it } from 'vitest';
import {
  commitOfLive,
  describeOther,
  nameSaid,
  runsRelease,
  tagOfLiveMoved,
} from '../../src/model/live.ts';
import type { Release, Tag } from '../../src/model/release.ts';
import { parseVersion } from '../../src/model/version.ts';

const [X, Y] = ['ab12'.repeat(10), 'cd34'.repeat(10)];

function tag(name: string, commit: string): Tag {
  const version = parseVersion(name, 'v*', 'semver');
  if (version === undefined) throw new Error(`${name} is no version.`);
  return { name, commit, annotated: false, at: '2025-01-01T00:00:00.000Z', version };
}

function release(name: string, commit: string, day: number): Release {
  const deployedAt = new Date(Date.UTC(2025, 0, day)).toISOString();
  return { tag: name, commit, status: 'good', deployedAt };
}

const TAGS = [tag('v1.2.0', Y), tag('v1.1.1', X), tag('v1.1.0', X)];

describe('a target runs a release', () => {
  it.each([
    ['the tag alone', { tag: 'v1.1.0' }, true],
    ['tag and commit', { tag: 'v1.1.0', commit: X }, true],
    [
      'the tag, and the commit that it had before it was moved',
      { tag: 'v1.1.0', commit: Y },
      false,
    ],
    ['another tag', { tag: 'v1.1.1' }, false],
    ['another tag of the same commit', { tag: 'v1.1.1', commit: X }, false],
    ['the commit alone', { tag: X }, true],
    ['the short commit', { tag: X.slice(0, 7) }, true],
    ['less of the commit than says anything', { tag: X.slice(0, 6) }, false],
    ['another commit', { tag: Y }, false],
  ])('when it says %s: %j is %s', (_, said, expected) => {
    expect(runsRelease(said, { tag: 'v1.1.0', commit: X })).toBe(expected);
  });
});

describe('a target that says a commit', () => {
  it.each<[string, string, Release[], string]>([
    ['the highest version of several tags where none is recorded', X, [], 'v1.1.1'],
    ['the one recorded last', X, [release('v1.1.1', X, 1), release('v1.1.0', X, 2)], 'v1.1.0'],
    ['one that is recorded and has no tag any more', X, [release('v1.1.5', X, 1)], 'v1.1.5'],
    ['the tag behind the short form', Y.slice(0, 8), [], 'v1.2.0'],
    ['only itself where no release is at it', 'ef56'.repeat(10), [], 'ef56'.repeat(10)],
  ])('means %s', (_, said, releases, expected) => {
    expect(nameSaid({ tag: said }, { tags: TAGS, releases }).tag).toBe(expected);
  });

  it('means nothing where its short form fits two commits', () => {
    const tags = [tag('v1.0.0', `${'a'.repeat(8)}${'1'.repeat(32)}`), ...TAGS];
    tags.push(tag('v0.9.0', `${'a'.repeat(8)}${'2'.repeat(32)}`));
    const said = { tag: 'a'.repeat(7) };
    expect(nameSaid(said, { tags, releases: [] })).toBe(said);
  });

  it('is not asked what it means where a tag is called so', () => {
    const odd = { ...tag('v2.0.0', Y), name: '20250112' };
    expect(nameSaid({ tag: '20250112' }, { tags: [odd], releases: [] })).toEqual({
      tag: '20250112',
    });
  });
});

describe('the commit that is live', () => {
  const releases = [release('v1.1.0', Y, 1)];
  it.each([
    ['as the target says, whatever the tag stands for', [{ tag: 'v1.1.0', commit: X }], X],
    ['as it was recorded, where the target says only a tag', [{ tag: 'v1.1.0' }], Y],
    ['not known of a release that nobody knows', [{ tag: 'nightly' }], undefined],
  ])('is %s', (_, said, expected) => {
    expect(commitOfLive(said[0]?.tag, said, { tags: [], releases })).toBe(expected);
  });

  it('is that of the tag where nobody recorded it, and itself where it is all that is said', () => {
    const history = { tags: TAGS, releases: [] };
    expect(commitOfLive('v1.2.0', [{ tag: 'v1.2.0' }], history)).toBe(Y);
    expect(commitOfLive(X, [{ tag: X }], { tags: [], releases: [] })).toBe(X);
  });

  it('and its tag part when the tag is moved', () => {
    expect(tagOfLiveMoved('v1.2.0', X, { tags: TAGS })).toMatch(/v1\.2\.0 was moved.*ab12.*cd34/);
    expect(tagOfLiveMoved('v1.2.0', Y, { tags: TAGS })).toBeUndefined();
    expect(tagOfLiveMoved('nightly', X, { tags: TAGS })).toBeUndefined();
  });
});

it('what runs in place of a release is named with its commit where the tag is the same', () => {
  expect(describeOther({ tag: 'v1.1.0', commit: X }, { tag: 'v1.1.0' })).toBe(
    'v1.1.0 (ab12ab12ab)',
  );
  expect(describeOther({ tag: 'v1.2.0', commit: X }, { tag: 'v1.1.0' })).toBe('v1.2.0');
});
