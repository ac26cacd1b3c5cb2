import { describe, expect, it } from 'vitest';
import { type KnownGoodInput, lastKnownGood } from '../../src/model/eligibility.ts';
import {
  heldBy,
  isTagFormat,
  type Release,
  requireTagFormat,
  type Tag,
} from '../../src/model/release.ts';
import { parseVersion } from '../../src/model/version.ts';

/** A commit of its own for every tag, unless told otherwise. */
function commitOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(40, '0').slice(0, 40);
}

function tag(name: string, commit = commitOf(name)): Tag {
  const version = parseVersion(name, 'v*', 'semver');
  if (version === undefined) throw new Error(`${name} is no version.`);
  return { name, commit, annotated: false, at: '2025-01-01T00:00:00.000Z', version };
}

let minute = 0;
/** Each goes live a minute after the one made before it. */
function release(name: string, status: Release['status'], more: Partial<Release> = {}): Release {
  minute += 1;
  const deployedAt = new Date(Date.UTC(2025, 0, 12, 0, minute)).toISOString();
  return { tag: name, commit: commitOf(name), status, deployedAt, ...more };
}

const held = { hold: { reason: 'leaks memory', by: 'kim', at: '2025-01-12T00:00:00.000Z' } };

function choose(
  releases: Release[],
  live: string | undefined,
  more: Partial<KnownGoodInput> = {},
): { tag: string | undefined; rejected: Record<string, string> } {
  const tags = releases.map((one) => tag(one.tag));
  const { release: chosen, rejected } = lastKnownGood({ releases, tags, live, ...more });
  return {
    tag: chosen?.tag,
    rejected: Object.fromEntries(rejected.map((one) => [one.tag, one.why])),
  };
}

describe('the last known good', () => {
  it('is not the previous release: A good, B bad, C bad, D good but held → A', () => {
    const releases = [
      release('v1.0.0', 'good'),
      release('v1.1.0', 'bad'),
      release('v1.2.0', 'bad'),
      release('v1.3.0', 'good', held),
      release('v1.4.0', 'deployed'),
    ];
    const { tag: chosen, rejected } = choose(releases, 'v1.4.0');
    expect(chosen).toBe('v1.0.0');
    expect(Object.keys(rejected)).toEqual(['v1.4.0', 'v1.3.0', 'v1.2.0', 'v1.1.0']);
    expect(rejected['v1.4.0']).toContain('live');
    expect(rejected['v1.3.0']).toContain('leaks memory');
    expect(rejected['v1.2.0']).toContain('bad');
  });

  it.each<[Release['status'], string | undefined]>([
    ['good', 'v1.0.0'],
    ['deployed', undefined],
    ['baking', undefined],
    ['bad', undefined],
  ])('can be a release that is %s: %j', (status, expected) => {
    const releases = [release('v1.0.0', status), release('v1.1.0', 'deployed')];
    expect(choose(releases, 'v1.1.0').tag).toBe(expected);
  });

  it('is the one that went live last, not the one with the highest number', () => {
    const releases = [
      release('v2.0.0', 'good'),
      release('v1.9.1', 'good'),
      release('v2.1.0', 'deployed'),
    ];
    expect(choose(releases, 'v2.1.0').tag).toBe('v1.9.1');
  });

  it('is the higher version of two that went live at the same time, however they are listed', () => {
    const at = { deployedAt: '2025-01-12T00:00:00.000Z' };
    const releases = [
      release('v1.9.0', 'good', at),
      release('v1.10.0', 'good', at),
      release('v1.8.0', 'good', at),
    ];
    for (const given of [releases, releases.toReversed()]) {
      expect(choose(given, undefined).tag).toBe('v1.10.0');
    }
  });

  it('is never what is live, even when that is good', () => {
    const releases = [release('v1.0.0', 'good'), release('v1.1.0', 'good')];
    expect(choose(releases, 'v1.1.0').tag).toBe('v1.0.0');
    expect(choose([release('v1.0.0', 'good')], 'v1.0.0').tag).toBeUndefined();
  });

  it('is never newer than what is live: that would be a deploy', () => {
    const releases = [release('v1.0.0', 'good'), release('v1.2.0', 'good')];
    const { tag: chosen, rejected } = choose(releases, 'v1.1.0', {
      tags: ['v1.0.0', 'v1.1.0', 'v1.2.0'].map((name) => tag(name)),
    });
    expect(chosen).toBe('v1.0.0');
    expect(rejected['v1.2.0']).toContain('newer than what is live');
  });

  it('is not another name of the commit that is live', () => {
    const same = 'ab'.repeat(20);
    const releases = [
      release('v1.0.0', 'good'),
      release('v1.0.1', 'good', { commit: same }),
      release('v1.0.2', 'deployed', { commit: same }),
    ];
    const { tag: chosen, rejected } = choose(releases, 'v1.0.2', {
      tags: [tag('v1.0.0'), tag('v1.0.1', same), tag('v1.0.2', same)],
    });
    expect(chosen).toBe('v1.0.0');
    expect(rejected['v1.0.1']).toContain('same commit as v1.0.2');
  });

  it('is not a release whose tag was moved or deleted', () => {
    const releases = [
      release('v1.0.0', 'good'),
      release('v1.1.0', 'good'),
      release('v1.2.0', 'good'),
      release('v1.3.0', 'deployed'),
    ];
    const { tag: chosen, rejected } = choose(releases, 'v1.3.0', {
      tags: [tag('v1.0.0'), tag('v1.1.0', 'cd'.repeat(20)), tag('v1.3.0')],
    });
    expect(chosen).toBe('v1.0.0');
    expect(rejected['v1.1.0']).toMatch(/moved: now cdcdcdcdcd, was deployed as/);
    expect(rejected['v1.2.0']).toContain('tag is not in this clone');
  });

  it('is a pre-release only where pre-releases are what runs', () => {
    const releases = [
      release('v1.0.0', 'good'),
      release('v1.1.0-rc.1', 'good'),
      release('v1.1.0', 'deployed'),
    ];
    const production = choose(releases, 'v1.1.0');
    expect(production.tag).toBe('v1.0.0');
    expect(production.rejected['v1.1.0-rc.1']).toContain('pre-release');
    expect(choose([...releases, release('v1.1.0-rc.2', 'bad')], 'v1.1.0-rc.2').tag).toBe(
      'v1.1.0-rc.1',
    );
  });

  it('is found when the target cannot say what is live, and when its tag is gone', () => {
    const releases = [release('v1.0.0', 'good'), release('v1.1.0', 'bad')];
    expect(choose(releases, undefined).tag).toBe('v1.0.0');
    expect(choose(releases, 'v0.0.9', { tags: [tag('v1.0.0')] }).tag).toBe('v1.0.0');
  });

  it('is none when nothing was recorded', () => {
    expect(choose([], 'v1.0.0')).toEqual({ tag: undefined, rejected: {} });
  });

  it('does not change the order of the releases it is given', () => {
    const releases = [release('v1.0.0', 'good'), release('v1.1.0', 'good')];
    const before = releases.map((one) => one.tag);
    choose(releases, undefined);
    expect(releases.map((one) => one.tag)).toEqual(before);
  });
});

describe('the record by which a release must not be deployed', () => {
  const same = 'ab'.repeat(20);
  const other = 'cd'.repeat(20);
  const A = 'v1.0.0';
  const B = 'v1.0.1';
  it.each<[string, string | undefined, Release[], { tag: string; commit?: string }]>([
    ['nobody recorded it', undefined, [], { tag: A, commit: same }],
    ['it is good', undefined, [release(A, 'good')], { tag: A }],
    ['it is held', A, [release(A, 'good', held)], { tag: A }],
    ['it was marked bad', A, [release(A, 'bad')], { tag: A }],
    [
      'its commit is held under another tag',
      A,
      [release(A, 'good', { ...held, commit: same })],
      { tag: B, commit: same },
    ],
    [
      'its tag was moved away from what is held',
      A,
      [release(A, 'good', { ...held, commit: same })],
      { tag: A, commit: other },
    ],
    [
      'it is held under both its tags',
      B,
      [release(A, 'bad', { commit: same }), release(B, 'good', { ...held, commit: same })],
      { tag: B, commit: same },
    ],
    [
      'its commit is not known, and its neighbour is held',
      undefined,
      [release(A, 'bad')],
      { tag: B },
    ],
  ])('is, when %s, that of %s', (_, expected, releases, asked) => {
    expect(heldBy(releases, asked)?.tag).toBe(expected);
  });
});

describe('the format of a tag', () => {
  it.each([
    'v1.4.0',
    'v1.4.0-rc.1',
    '2025.01.12',
    'api/v1.4.0',
    'pkg@1.2.3',
    'v1.0.0+build.5',
    '_x',
    'HEAD',
    'a'.repeat(200),
  ])('allows %s', (given) => {
    expect(isTagFormat(given)).toBe(true);
    expect(() => requireTagFormat(given)).not.toThrow();
  });

  it.each([
    ['nothing', ''],
    ['an option', '-v'],
    ['a long option', '--upload-pack=touch owned'],
    ['an option behind a slash', 'api/-v'],
    ['an absolute path', '/etc/passwd'],
    ['a parent folder', '../v1.0.0'],
    ['a parent folder in the middle', 'api/../../v1'],
    ['a range', 'v1.0.0..v1.1.0'],
    ['an argument file', '@secrets'],
    ['a reflog', 'main@{1}'],
    ['an ancestor', 'HEAD~1'],
    ['a parent', 'HEAD^'],
    ['a search', ':/fix'],
    ['a refspec', 'a:b'],
    ['a forced refspec', '+main'],
    ['a space', 'v1 0'],
    ['a line break', 'v1.0.0\nv1.1.0'],
    ['a line break at the end', 'v1.0.0\n'],
    ['a carriage return', 'v1.0.0\r'],
    ['a null', 'v1.0.0\u0000'],
    ['an escape', 'v1\u001b[2J'],
    ['a command', 'v1;reboot'],
    ['a substitution', 'v1$(id)'],
    ['a backtick', 'v1`id`'],
    ['a quote', "v1'"],
    ['a backslash', 'v1\\x'],
    ['a glob', 'v*'],
    ['a percent sign', 'v%2e'],
    ['an empty part', 'api//v1'],
    ['a slash at the end', 'api/'],
    ['a hidden folder', '.git/config'],
    ['a letter that looks like another', 'v1.0.0е'],
    ['text that turns around', 'v1\u202e0.1'],
    ['a placeholder', '{tag}'],
    ['too many letters', 'a'.repeat(201)],
  ])('refuses %s: %j', (_, given) => {
    expect(isTagFormat(given)).toBe(false);
    expect(() => requireTagFormat(given)).toThrowError(
      expect.objectContaining({ code: 'E_TAG_FORMAT', kind: 'usage' }),
    );
  });

  it('answers quickly, whatever it is given', () => {
    const start = performance.now();
    isTagFormat(`${'a/'.repeat(50_000)}!`);
    isTagFormat(`${'a.'.repeat(99)}!`);
    expect(performance.now() - start).toBeLessThan(100);
  });
});
