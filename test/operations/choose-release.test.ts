import { describe, expect, it } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import { type Evidence, judgeEligibility, lastKnownGood } from '../../src/model/eligibility.ts';
import type { Release, ReleaseStatus, Tag } from '../../src/model/release.ts';
import { parseVersion } from '../../src/model/version.ts';
import { type Approval, requireApproval } from '../../src/operations/approval.ts';
import type { Assessment } from '../../src/operations/assess.ts';
import { chooseRelease } from '../../src/operations/choose-release.ts';
import { planApplication } from '../../src/operations/plan-rollback.ts';
import { openSite } from '../support/memory-ports.ts';

type Known = [tag: string, status: ReleaseStatus, more?: Partial<Release>];

const commitOf = (tag: string): string => Buffer.from(tag.padEnd(20)).toString('hex');

/** Releases as they were deployed, oldest first; a commit is made of its tag. */
function situation(live: string | undefined, known: Known[], extraTags: string[] = []): Assessment {
  const tags = [...known.map(([tag]) => tag), ...extraTags].flatMap((name): Tag[] => {
    const version = parseVersion(name, 'v*', 'semver');
    const at = '2025-01-12T03:00:00.000Z';
    return version === undefined
      ? []
      : [{ name, commit: commitOf(name), annotated: true, at, version }];
  });
  const releases = known.map(([tag, status, more], day): Release => {
    const deployedAt = new Date(Date.UTC(2025, 0, 1 + day)).toISOString();
    return { tag, commit: commitOf(tag), status, deployedAt, ...more };
  });
  return {
    targets:
      live === undefined ? [] : [{ name: 'web', live: { known: true, tag: live, detail: '' } }],
    live,
    presumed: live,
    liveCommit: live === undefined ? undefined : commitOf(live),
    tags,
    releases,
    knownGood: lastKnownGood({ releases, tags, live }),
    candidates: tags.map(({ name: tag, commit }) => {
      const release = releases.find((one) => one.tag === tag);
      const judged = judgeEligibility({ name: tag, release }, { tags, live });
      return { tag, commit, release, ...judged };
    }),
    commits: [],
    openIncidents: [],
    lastMove: undefined,
    services: [],
    stillOff: { flags: [], breakers: [], incidents: [], problems: [] },
    deploying: [],
    drift: [],
    recommended: { level: 'flags', why: '', command: undefined },
    problems: [],
  };
}

const COMMIT = 'a'.repeat(40);
const hold = { reason: 'broke the checkout', by: 'lee', at: '2025-01-02T00:00:00.000Z' };

describe('the release to go back to', () => {
  it.each<[string, string | undefined, Known[], string]>([
    [
      'the one before',
      'v1.1.0',
      [
        ['v1.0.0', 'good'],
        ['v1.1.0', 'deployed'],
      ],
      'v1.0.0',
    ],
    [
      'the last good one, not the one before',
      'v1.3.0',
      [
        ['v1.0.0', 'good'],
        ['v1.1.0', 'bad'],
        ['v1.2.0', 'bad'],
        ['v1.3.0', 'deployed'],
      ],
      'v1.0.0',
    ],
    [
      'not one whose bake never ended',
      'v1.2.0',
      [
        ['v1.0.0', 'good'],
        ['v1.1.0', 'baking'],
        ['v1.2.0', 'deployed'],
      ],
      'v1.0.0',
    ],
    [
      'not one that is held, though it was good',
      'v1.2.0',
      [
        ['v1.0.0', 'good'],
        ['v1.1.0', 'good', { hold }],
        ['v1.2.0', 'deployed'],
      ],
      'v1.0.0',
    ],
    [
      'not the live one, though it was good',
      'v1.1.0',
      [
        ['v1.0.0', 'good'],
        ['v1.1.0', 'good'],
      ],
      'v1.0.0',
    ],
    [
      'the one that was live last, not the highest version',
      'v1.3.0',
      [
        ['v1.2.0', 'good'],
        ['v1.1.0', 'good'],
        ['v1.3.0', 'deployed'],
      ],
      'v1.1.0',
    ],
    [
      'not one whose tag was moved',
      'v1.2.0',
      [
        ['v1.0.0', 'good'],
        ['v1.1.0', 'good', { commit: 'f'.repeat(40) }],
        ['v1.2.0', 'deployed'],
      ],
      'v1.0.0',
    ],
    [
      'not a pre-release',
      'v1.2.0',
      [
        ['v1.0.0', 'good'],
        ['v1.1.0-rc.1', 'good'],
        ['v1.2.0', 'deployed'],
      ],
      'v1.0.0',
    ],
  ])('is %s', (_, live, known, expected) => {
    expect(chooseRelease(situation(live, known), undefined).tag).toBe(expected);
  });

  it.each<[string, Known[], RegExp]>([
    ['nothing was ever recorded', [], /known to be good \(none was ever recorded\)\./],
    [
      'everything is bad or not proven',
      [
        ['v1.0.0', 'bad'],
        ['v1.1.0', 'deployed'],
        ['v1.2.0', 'good'],
      ],
      /v1\.2\.0: it is live now; v1\.1\.0: its bake.*; v1\.0\.0: it was marked bad/,
    ],
  ])('is not there when %s, and it says why', (_, known, message) => {
    const found = situation('v1.2.0', known, ['v1.1.9', 'v1.1.8']);
    expect(() => chooseRelease(found, undefined)).toThrowError(
      expect.objectContaining({
        code: 'E_NO_TARGET',
        kind: 'refused',
        message: expect.stringMatching(message) as string,
        remedy: expect.stringMatching(/rollback application --to v1\.1.*or.*v1\.1\.8/) as string,
      }),
    );
  });
});

describe('a release that a person names', () => {
  const known: Known[] = [
    ['v1.0.0', 'good'],
    ['v1.1.0', 'good', { hold }],
    ['v1.1.1', 'bad'],
    ['v1.1.2', 'good', { commit: 'f'.repeat(40) }],
    ['v1.1.3', 'baking'],
    ['v1.2.0', 'deployed'],
  ];
  const given = situation('v1.2.0', known, ['v1.1.9', 'v1.3.0']);
  const twin = {
    ...given.tags[0],
    commit: given.tags.find(({ name }) => name === 'v1.2.0')?.commit,
  };
  const withTwin: Assessment = {
    ...given,
    tags: given.tags.map((tag) =>
      tag.name === 'v1.1.9' ? { ...tag, commit: twin.commit ?? '' } : tag,
    ),
  };

  it.each<[string, string, string, string]>([
    ['v1.2.0; rm -rf /', 'E_TAG_FORMAT', 'usage', 'is not a release tag'],
    ['--upload-pack=x', 'E_TAG_FORMAT', 'usage', 'is not a release tag'],
    ['v9.9.9', 'E_TAG_NOT_FOUND', 'usage', 'There is no release tag "v9.9.9"'],
    ['main', 'E_TAG_NOT_FOUND', 'usage', 'There is no release tag "main"'],
    ['v1.2.0', 'E_ALREADY_LIVE', 'refused', 'is live already'],
    ['v1.3.0', 'E_FORWARD', 'refused', 'newer than what is live (v1.2.0)'],
    ['v1.1.2', 'E_TAG_MOVED', 'refused', 'its tag was moved'],
    ['v1.1.0', 'E_TAG_BAD', 'refused', 'by lee: broke the checkout'],
    ['v1.1.1', 'E_TAG_BAD', 'refused', 'was marked bad'],
  ])('%j is refused: %s', (tag, code, kind, message) => {
    expect(() => chooseRelease(given, tag)).toThrowError(
      expect.objectContaining({ code, kind, message: expect.stringContaining(message) as string }),
    );
  });

  it('is refused when it is the live commit under another name', () => {
    expect(() => chooseRelease(withTwin, 'v1.1.9')).toThrowError(
      expect.objectContaining({ code: 'E_ALREADY_LIVE' }),
    );
  });

  it.each(['v1.0.0', 'v1.1.3', 'v1.1.9'])('%s is taken, proven good or not', (tag) => {
    expect(chooseRelease(given, tag).tag).toBe(tag);
  });

  it('can be named though nobody can tell what is live', () => {
    expect(chooseRelease(situation(undefined, known), 'v1.0.0').tag).toBe('v1.0.0');
  });
});

function codeOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof BackoutError ? error.code : String(error);
  }
}

describe('a second person', () => {
  const known: Known[] = [
    ['v1.0.0', 'good'],
    ['v1.1.0', 'baking'],
    ['v1.2.0', 'deployed'],
  ];
  it.each<[Approval['policy'], string, string | undefined, boolean]>([
    ['never', 'v1.1.0', undefined, true],
    ['unless_green', 'v1.0.0', undefined, true],
    ['unless_green', 'v1.1.0', undefined, false],
    ['unless_green', 'v1.1.0', 'lee', true],
    ['unless_green', 'v1.0.9', undefined, false],
    ['always', 'v1.0.0', undefined, false],
    ['always', 'v1.0.0', 'lee', true],
    ['always', 'v1.0.0', 'kim', false],
    ['always', 'v1.0.0', ' Kim ', false],
    ['always', 'v1.0.0', '  ', false],
  ])('policy %s, to %s, approved by %j: %s', async (policy, to, approvedBy, goes) => {
    const { ports } = await openSite();
    const assessment = situation('v1.2.0', known, ['v1.0.9']);
    const plan = planApplication(ports.facts, { from: undefined, to: { tag: to, commit: COMMIT } });
    const asking = () => requireApproval(assessment, plan, { policy, actor: 'kim', approvedBy });
    expect(codeOf(asking)).toBe(goes ? undefined : 'E_APPROVAL');
  });

  it('is told what to look at and what to type', async () => {
    const { ports } = await openSite();
    const assessment = situation('v1.2.0', known);
    const plan = planApplication(ports.facts, {
      from: undefined,
      to: { tag: 'v1.1.0', commit: COMMIT },
    });
    const approval = { policy: 'unless_green', actor: 'kim', approvedBy: undefined } as const;
    expect(() => requireApproval(assessment, plan, approval)).toThrowError(
      expect.objectContaining({
        kind: 'refused',
        message: expect.stringContaining('v1.1.0 is YELLOW (its bake never ended') as string,
        remedy: expect.stringContaining(plan.hash.slice(0, 12)) as string,
      }),
    );
  });
});

it.each([
  ['doubted', undefined],
  ['unknown', 'E_APPROVAL'],
] as const)('A proven release whose artefact is %s: a second person is %s', async (state, code) => {
  const { ports } = await openSite();
  const artefacts = [{ target: 'web', state, detail: 'whether ghcr.io has it' }];
  const to = { tag: 'v1.1.0', commit: 'a'.repeat(40) };
  const plan = planApplication(ports.facts, { from: undefined, to });
  const approval = { policy: 'unless_green', actor: 'kim', approvedBy: undefined } as const;
  expect(codeOf(() => requireApproval(assessed({ artefacts }), plan, approval))).toBe(code);
  // Beside anything else that is YELLOW it does not count.
  const gone = { gone: ['sales'], changed: [] };
  const both = assessed({ artefacts, flags: gone });
  expect(codeOf(() => requireApproval(both, plan, approval))).toBe('E_APPROVAL');
});

const CLEAN: Evidence = {
  ancestry: 'ancestor',
  artefacts: [{ target: 'web', state: 'there', detail: '' }],
  flags: { gone: [], changed: [] },
};

/** v1.2.0 is live, v1.1.0 is good, and this was found out about each. */
function assessed(evidence: Partial<Evidence>, floor?: string): Assessment {
  const found = situation('v1.2.0', [
    ['v1.0.0', 'good'],
    ['v1.1.0', 'good'],
    ['v1.2.0', 'deployed'],
  ]);
  const surroundings = { ...found, ...(floor === undefined ? {} : { floor }) };
  const candidates = found.candidates.map(({ tag, commit, release }) => ({
    tag,
    commit,
    release,
    ...judgeEligibility({ name: tag, release }, surroundings, { ...CLEAN, ...evidence }),
  }));
  return { ...found, candidates };
}

describe('a release that is RED', () => {
  const breaking = { verdict: 'breaking', why: '2 migrations since then break it' } as const;

  it.each<[string, Assessment, string, string[]]>([
    [
      'migrations break it',
      assessed({ migrations: breaking }),
      'E_SCHEMA',
      ['migrations-breaking'],
    ],
    ['it is below the floor', assessed({}, 'v1.2.0'), 'E_FLOOR', ['below-floor']],
    [
      'flags have another type',
      assessed({ flags: { gone: [], changed: ['page_size'] } }),
      'E_FLAG_CHANGED',
      ['flag-changed'],
    ],
  ])('is refused when %s, with the name of the risk, and taken when that is accepted', (...row) => {
    const [, assessment, code, accepted] = row;
    expect(codeOf(() => chooseRelease(assessment, 'v1.1.0'))).toBe(code);
    expect(() => chooseRelease(assessment, 'v1.1.0')).toThrowError(
      expect.objectContaining({
        remedy: expect.stringContaining(`--accept ${accepted.join(',')}`) as string,
      }),
    );
    expect(codeOf(() => chooseRelease(assessment, 'v1.1.0', ['secret-missing']))).toBe(code);
    expect(chooseRelease(assessment, 'v1.1.0', accepted)).toMatchObject({ tag: 'v1.1.0' });
  });

  it('is refused whatever is accepted when there is nothing to deploy', () => {
    const artefacts = [{ target: 'web', state: 'missing', detail: 'deleted' }] as const;
    const all = ['migrations-breaking', 'below-floor', 'secret-missing', 'flag-changed'];
    expect(codeOf(() => chooseRelease(assessed({ artefacts }), 'v1.1.0', all))).toBe(
      'E_ARTEFACT_MISSING',
    );
  });
});
