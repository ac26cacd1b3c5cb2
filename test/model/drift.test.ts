import { expect, it } from 'vitest';
import {
  type Deployment,
  deployedReleases,
  type DeploymentState,
  goingOn,
} from '../../src/model/deployment.ts';
import { type DriftInput, findDrift } from '../../src/model/drift.ts';
import type { Release, Tag } from '../../src/model/release.ts';
import { parseVersion } from '../../src/model/version.ts';

const COMMITS: Record<string, string> = {
  'v1.1.0': 'a1'.repeat(20),
  'v1.2.0': 'b2'.repeat(20),
  'v1.3.0': 'c3'.repeat(20),
};
const commitOf = (tag: string): string => COMMITS[tag] ?? 'd4'.repeat(20);
const day = (number: number): string => new Date(Date.UTC(2026, 10, number, 10)).toISOString();

const TAGS = Object.keys(COMMITS).flatMap((name): Tag[] => {
  const version = parseVersion(name, 'v*', 'semver');
  if (version === undefined) return [];
  return [{ name, commit: commitOf(name), annotated: false, at: day(1), version }];
});

function runs(tag: string, commit?: string): DriftInput['targets'][number] {
  return { name: 'web', live: { known: true, tag, ...(commit === undefined ? {} : { commit }) } };
}
const SILENT = { name: 'web', live: { known: false } };

function recorded(tag: string, on: number): Release {
  return { tag, commit: commitOf(tag), status: 'good', deployedAt: day(on) };
}
function deployed(
  ref: string,
  on: number,
  { state = 'succeeded', commit = commitOf(ref) }: Partial<Deployment> = {},
): Deployment {
  const id = `${ref} ${on}`;
  return { id, ref, commit, state, by: 'kim', createdAt: day(on), url: undefined };
}

type Case = [string, Partial<DriftInput>, string[]];

it.each<Case>([
  ['nobody says anything else', { targets: [runs('v1.2.0')] }, []],
  [
    'record and GitHub say the same as the target',
    {
      targets: [runs('v1.2.0', commitOf('v1.2.0'))],
      releases: [recorded('v1.1.0', 1), recorded('v1.2.0', 2)],
      deployments: [deployed('v1.2.0', 2)],
    },
    [],
  ],
  [
    'the record is of another release',
    { targets: [runs('v1.2.0')], releases: [recorded('v1.1.0', 3)] },
    ['web runs v1.2.0, and the record says that v1.1.0 went live last, 2026-11-03 10:00 UTC'],
  ],
  [
    'GitHub deployed something else later',
    { targets: [runs('v1.1.0')], deployments: [deployed('v1.2.0', 4), deployed('v1.1.0', 3)] },
    ['web runs v1.1.0, and GitHub says that v1.2.0 was deployed last, 2026-11-04 10:00 UTC by kim'],
  ],
  [
    'GitHub deployed a branch',
    {
      targets: [runs('v1.1.0')],
      deployments: [deployed('main', 4, { commit: 'e5'.repeat(20) })],
    },
    [
      'web runs v1.1.0, and GitHub says that main at commit e5e5e5e5e5 was deployed last, 2026-11-04 10:00 UTC by kim',
    ],
  ],
  [
    'GitHub deployed a branch whose commit is the release',
    {
      targets: [runs('v1.1.0')],
      deployments: [deployed('main', 4, { commit: commitOf('v1.1.0') })],
    },
    [],
  ],
  [
    'a rollback past GitHub was recorded later',
    {
      targets: [runs('v1.1.0')],
      releases: [recorded('v1.1.0', 5)],
      deployments: [deployed('v1.2.0', 4)],
    },
    [],
  ],
  [
    'a deployment that failed is no deployment',
    { targets: [runs('v1.1.0')], deployments: [deployed('v1.2.0', 4, { state: 'failed' })] },
    [],
  ],
  [
    'the tag was moved',
    { targets: [runs('v1.1.0', 'f6'.repeat(20))] },
    ['web runs v1.1.0 of commit f6f6f6f6f6, and in git that tag stands for a1a1a1a1a1'],
  ],
  [
    'what runs has no tag',
    { targets: [runs('v9.9.9')] },
    ['web runs v9.9.9, which is no release tag in git'],
  ],
  ['a clone that cannot be read says nothing', { targets: [runs('v1.1.0')], tags: [] }, []],
  [
    'no target says what is live, and the record is behind',
    {
      targets: [SILENT],
      releases: [recorded('v1.1.0', 3)],
      deployments: [deployed('v1.2.0', 4)],
    },
    [
      'record has v1.1.0 as the last that went live, and GitHub says that v1.2.0 was deployed after it, 2026-11-04 10:00 UTC by kim',
    ],
  ],
  [
    'no target says what is live, and the record is newer',
    {
      targets: [SILENT],
      releases: [recorded('v1.1.0', 5)],
      deployments: [deployed('v1.2.0', 4)],
    },
    [],
  ],
])('%s', (_, input, drift) => {
  const nothing = { targets: [], tags: TAGS, releases: [], deployments: [], source: 'GitHub' };
  const found = findDrift({ ...nothing, ...input });
  expect(found.map(({ part, text }) => `${part} ${text}`)).toEqual(drift);
});

it('each part is judged by itself', () => {
  const targets = [runs('v1.2.0'), { ...runs('v1.1.0'), name: 'worker' }];
  const releases = [recorded('v1.2.0', 2)];
  const found = findDrift({ targets, tags: TAGS, releases, deployments: [], source: 'GitHub' });
  expect(found.map(({ part, against }) => [part, against])).toEqual([['worker', 'record']]);
});

it.each<[DeploymentState, number, boolean]>([
  ['running', 1, true],
  ['waiting', 5.9, true],
  ['running', 6.1, false],
  ['waiting', 30, false],
  ['succeeded', 1, false],
  ['failed', 1, false],
  ['unknown', 1, false],
])('A deployment that is %s since %d hours goes on: %s', (state, hours, goes) => {
  const now = Date.parse(day(2)) + hours * 3_600_000;
  expect(goingOn([deployed('v1.2.0', 2, { state })], now)).toHaveLength(goes ? 1 : 0);
});

it('Releases that were live once are known by their newest deployment.', () => {
  const all = [
    deployed('v1.3.0', 6, { state: 'failed' }),
    deployed('v1.2.0', 5),
    deployed('v1.2.0', 4),
    deployed('v1.1.0', 3, { state: 'inactive' }),
    deployed('main', 2, { commit: 'e5'.repeat(20) }),
  ];
  expect([...deployedReleases(all, TAGS, 'GitHub')]).toEqual([
    ['v1.2.0', { source: 'GitHub', at: day(5), by: 'kim' }],
    ['v1.1.0', { source: 'GitHub', at: day(3), by: 'kim' }],
  ]);
});
