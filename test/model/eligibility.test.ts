import { describe, expect, it, test } from 'vitest';
import {
  colourOf,
  type Evidence,
  isAcceptable,
  judgeEligibility,
  lastKnownGood,
  readAccepted,
  requireReasonFor,
  type Surroundings,
} from '../../src/model/eligibility.ts';
import type { Release, ReleaseStatus, Tag } from '../../src/model/release.ts';
import { parseVersion } from '../../src/model/version.ts';

const commitOf = (name: string): string =>
  Buffer.from(name).toString('hex').padEnd(40, '0').slice(0, 40);

function tag(name: string, commit = commitOf(name)): Tag {
  const version = parseVersion(name, 'v*', 'semver');
  if (version === undefined) throw new Error(`${name} is no version.`);
  return { name, commit, annotated: false, at: '2025-01-01T00:00:00.000Z', version };
}

function release(name: string, status: ReleaseStatus, more: Partial<Release> = {}): Release {
  const deployedAt = '2025-01-01T00:00:00.000Z';
  return { tag: name, commit: commitOf(name), status, deployedAt, ...more };
}

const TAGS = ['v1.2.0', 'v1.1.0', 'v1.0.0', 'v0.9.0-rc.1', 'v1.3.0'].map((name) => tag(name));
const AROUND: Surroundings = { tags: TAGS, live: 'v1.2.0' };
const CLEAN: Evidence = {
  ancestry: 'ancestor',
  artefacts: [{ target: 'web', state: 'there', detail: '' }],
  migrations: { verdict: 'safe', why: '' },
  flags: { gone: [], changed: [] },
};
const hold = { reason: 'charges twice', by: 'kim', at: '2025-01-02T00:00:00.000Z' };

type Row = [
  name: string,
  subject: { name: string; release?: Release },
  around: Partial<Surroundings>,
  evidence: Partial<Evidence>,
  colour: string,
  codes: string[],
];

const GOOD = { name: 'v1.1.0', release: release('v1.1.0', 'good') };

const ROWS: Row[] = [
  ['proven, there, nothing since', GOOD, {}, {}, 'GREEN', []],
  ['proven on another branch, as hotfixes are', GOOD, {}, { ancestry: 'elsewhere' }, 'GREEN', []],
  ['live itself', { name: 'v1.2.0', release: release('v1.2.0', 'good') }, {}, {}, 'RED', ['live']],
  [
    'the same commit as live',
    { name: 'v1.1.0', release: release('v1.1.0', 'good') },
    { tags: [tag('v1.2.0', commitOf('v1.1.0')), tag('v1.1.0')] },
    {},
    'RED',
    ['same-commit'],
  ],
  [
    'newer than live',
    { name: 'v1.3.0', release: release('v1.3.0', 'good') },
    {},
    {},
    'RED',
    ['newer'],
  ],
  ['bad', { name: 'v1.1.0', release: release('v1.1.0', 'bad') }, {}, {}, 'RED', ['bad']],
  [
    'good but held',
    { name: 'v1.1.0', release: release('v1.1.0', 'good', { hold }) },
    {},
    {},
    'RED',
    ['held'],
  ],
  [
    'recorded, and its tag is gone',
    { name: 'v0.1.0', release: release('v0.1.0', 'good') },
    {},
    {},
    'RED',
    ['tag-gone'],
  ],
  [
    'recorded, and its tag was moved',
    { name: 'v1.1.0', release: release('v1.1.0', 'good', { commit: 'e'.repeat(40) }) },
    {},
    {},
    'RED',
    ['tag-moved'],
  ],
  [
    'deployed and never proven',
    { name: 'v1.1.0', release: release('v1.1.0', 'deployed') },
    {},
    {},
    'YELLOW',
    ['unproven'],
  ],
  ['a tag that nobody recorded', { name: 'v1.1.0' }, {}, {}, 'YELLOW', ['unrecorded']],
  [
    'an orphan tag that nobody recorded',
    { name: 'v1.1.0' },
    {},
    { ancestry: 'elsewhere' },
    'YELLOW',
    ['unrecorded', 'elsewhere'],
  ],
  [
    'a pre-release',
    { name: 'v0.9.0-rc.1', release: release('v0.9.0-rc.1', 'good') },
    {},
    {},
    'YELLOW',
    ['pre-release'],
  ],
  ['below the security floor', GOOD, { floor: 'v1.2.0' }, {}, 'RED', ['below-floor']],
  ['at the security floor', GOOD, { floor: 'v1.1.0' }, {}, 'GREEN', []],
  ['measured by a floor that is gone', GOOD, { floor: 'v0.0.1' }, {}, 'RED', ['below-floor']],
  [
    'without a secret that it needs',
    GOOD,
    { missingSecrets: ['env:OLD_KEY'] },
    {},
    'RED',
    ['secret-missing'],
  ],
  [
    'recorded to need a secret that went since',
    GOOD,
    {},
    { missing: ['env:OLD_KEY'] },
    'RED',
    ['secret-missing'],
  ],
  [
    'without a secret that it and every other release needs, said once',
    GOOD,
    { missingSecrets: ['env:OLD_KEY'] },
    { missing: ['env:OLD_KEY'] },
    'RED',
    ['secret-missing'],
  ],
  [
    'of the commit that runs, whatever the tag of what is live stands for now',
    GOOD,
    { liveCommit: commitOf('v1.1.0') },
    {},
    'RED',
    ['same-commit'],
  ],
  [
    'of the commit that the moved tag of what is live stands for now: something else runs',
    GOOD,
    { tags: [tag('v1.2.0', commitOf('v1.1.0')), tag('v1.1.0')], liveCommit: commitOf('v1.2.0') },
    {},
    'GREEN',
    [],
  ],
  [
    'of a commit that is held under another tag',
    GOOD,
    { releases: [release('v1.1.1', 'good', { commit: commitOf('v1.1.0'), hold })] },
    {},
    'RED',
    ['held'],
  ],
  [
    'of a commit that was marked bad under another tag',
    GOOD,
    { releases: [release('v1.1.1', 'bad', { commit: commitOf('v1.1.0') })] },
    {},
    'RED',
    ['held'],
  ],
  ['while no tag can be read', GOOD, { tags: [], tagsUnread: true }, {}, 'YELLOW', ['tag-unknown']],
  [
    'without its artefact on one of two targets',
    GOOD,
    {},
    {
      artefacts: [
        { target: 'web', state: 'there', detail: '' },
        { target: 'worker', state: 'missing', detail: 'deleted by the retention rule' },
      ],
    },
    'RED',
    ['artefact-missing'],
  ],
  [
    'with another artefact than its record says',
    GOOD,
    {},
    { artefacts: [{ target: 'web', state: 'mismatch', detail: 'version 9' }] },
    'RED',
    ['artefact-mismatch'],
  ],
  [
    'in a registry that cannot be asked',
    GOOD,
    {},
    { artefacts: [{ target: 'web', state: 'doubted', detail: 'whether it has the image' }] },
    'YELLOW',
    ['artefact-doubted'],
  ],
  [
    'with an artefact that nobody can see',
    GOOD,
    {},
    { artefacts: [{ target: 'web', state: 'unknown', detail: 'throttled' }] },
    'YELLOW',
    ['artefact-unknown'],
  ],
  [
    'broken by migrations',
    GOOD,
    {},
    { migrations: { verdict: 'breaking', why: 'orders.total was dropped' } },
    'RED',
    ['migrations-breaking'],
  ],
  [
    'with migrations that a person has to read',
    GOOD,
    {},
    { migrations: { verdict: 'unclear', why: 'a DO block decides at run time' } },
    'YELLOW',
    ['migrations-unclear'],
  ],
  [
    'with a flag of another type now',
    GOOD,
    {},
    { flags: { gone: ['old'], changed: ['size'] } },
    'RED',
    ['flag-changed', 'flag-gone'],
  ],
  [
    'with a flag that is gone',
    GOOD,
    {},
    { flags: { gone: ['old'], changed: [] } },
    'YELLOW',
    ['flag-gone'],
  ],
];

describe('A release is', () => {
  test.each(ROWS)('%s: judged', (_name, subject, around, evidence, colour, codes) => {
    const judged = judgeEligibility(
      { name: subject.name, release: subject.release },
      { ...AROUND, ...around },
      { ...CLEAN, ...evidence },
    );
    expect([judged.colour, judged.reasons.map(({ code }) => code)]).toEqual([colour, codes]);
    for (const { text } of judged.reasons) expect(text.length).toBeGreaterThan(10);
  });

  it('told all that speaks against it, the worst first', () => {
    const subject = { name: 'v1.1.0', release: release('v1.1.0', 'deployed', { hold }) };
    const evidence = { ...CLEAN, flags: { gone: ['old'], changed: [] } };
    const { colour, reasons } = judgeEligibility(subject, AROUND, evidence);
    expect(colour).toBe('RED');
    expect(reasons.map(({ code }) => code)).toEqual(['held', 'unproven', 'flag-gone']);
  });
});

describe('The last known good', () => {
  const releases = [
    release('v1.0.0', 'good', { deployedAt: '2025-01-01T00:00:00.000Z' }),
    release('v1.1.0', 'good', { deployedAt: '2025-01-02T00:00:00.000Z' }),
    release('v1.2.0', 'deployed', { deployedAt: '2025-01-03T00:00:00.000Z' }),
  ];
  const choose = (evidence: Record<string, Partial<Evidence>>, more: Partial<Surroundings> = {}) =>
    lastKnownGood({
      ...AROUND,
      ...more,
      releases,
      evidenceOf: (name) => ({ ...CLEAN, ...evidence[name] }),
    }).release?.tag;

  it('is the newest one that can be had: not one whose artefact was deleted', () => {
    const artefacts = [{ target: 'web', state: 'missing', detail: 'gone' }] as const;
    expect(choose({})).toBe('v1.1.0');
    expect(choose({ 'v1.1.0': { artefacts } })).toBe('v1.0.0');
    expect(choose({ 'v1.1.0': { artefacts }, 'v1.0.0': { artefacts } })).toBeUndefined();
  });

  it('is not one that migrations broke, and not one below the floor', () => {
    const migrations = { verdict: 'breaking', why: 'dropped' } as const;
    expect(choose({ 'v1.1.0': { migrations } })).toBe('v1.0.0');
    expect(choose({ 'v1.1.0': { migrations } }, { floor: 'v1.1.0' })).toBeUndefined();
  });

  it.each(['unknown', 'doubted'] as const)(
    'stays the proven one when its artefact is %s',
    (state) => {
      const artefacts = [{ target: 'web', state, detail: 'throttled' }];
      expect(choose({ 'v1.1.0': { artefacts } })).toBe('v1.1.0');
    },
  );
});

describe('Risks', () => {
  it('that can be accepted are named one by one, and nothing else is one', () => {
    expect(readAccepted(undefined, undefined)).toEqual([]);
    expect(readAccepted('below-floor, secret-missing', 'v1.0.0')).toEqual([
      'below-floor',
      'secret-missing',
    ]);
    for (const bad of ['', 'held', 'all', '*', 'below-floor,', 'constructor']) {
      expect(() => readAccepted(bad, 'v1.0.0')).toThrowError(
        expect.objectContaining({ code: 'E_ACCEPT' }),
      );
    }
  });

  it('are taken of one named release, with a reason', () => {
    const refused = expect.objectContaining({ code: 'E_ACCEPT' }) as Error;
    expect(() => readAccepted('below-floor', undefined)).toThrowError(refused);
    expect(() => requireReasonFor(['below-floor'], undefined)).toThrowError(refused);
    expect(() => requireReasonFor(['below-floor'], 'it is safe here')).not.toThrow();
    expect(() => requireReasonFor([], undefined)).not.toThrow();
  });

  it('that nobody can take are those of what is live, held, bad, moved, or not there', () => {
    const never = [
      'live',
      'held',
      'bad',
      'tag-moved',
      'tag-gone',
      'artefact-missing',
      'artefact-mismatch',
    ] as const;
    expect(never.filter((code) => isAcceptable({ code }))).toEqual([]);
  });

  it('fold to the worst colour', () => {
    expect(colourOf([])).toBe('GREEN');
    expect(colourOf([{ colour: 'YELLOW' }])).toBe('YELLOW');
    expect(colourOf([{ colour: 'YELLOW' }, { colour: 'RED' }])).toBe('RED');
  });
});
