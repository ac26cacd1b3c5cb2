import { describe, expect, it, test } from 'vitest';
import { type Finding, type GuardSituation, judgeTargets } from '../../src/model/guard.ts';
import type { Hold, Release } from '../../src/model/release.ts';

/** 1 January 2026 at this minute. */
const at = (minute: number): string =>
  new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();

const commitOf = (tag: string): string => tag.replaceAll(/\D/g, '').padStart(40, 'a');

function release(tag: string, deployed: number, more: Partial<Release> = {}): Release {
  return { tag, commit: commitOf(tag), status: 'good', deployedAt: at(deployed), ...more };
}

function held(tag: string, deployed: number, minute: number): Release {
  const hold: Hold = { reason: 'it charged twice.', by: 'kim', at: at(minute), incident: 'inc1' };
  return release(tag, deployed, { status: 'bad', hold });
}

/** A went live at 10, C at 20; the rollback of 30 recorded B at 31 and held C at 31. */
const ROLLED_BACK = [release('v1', 10), held('v3', 20, 31), release('v2', 31)];
const ROLLBACK = {
  incident: 'inc1',
  execution: 'application-1',
  actor: 'kim',
  startedAt: at(30),
  from: 'v3',
  to: 'v2',
  ended: true,
  deployed: { web: at(31) },
};
/** Somebody holds what is live, and nobody rolled back. */
const HELD_BY_HAND = [release('v1', 10), held('v3', 20, 25)];
const BUSY = new Map([['web', { holder: 'kim@laptop', incident: 'inc1' }]]);

type Case = [
  name: string,
  live: string | { tag: string; commit: string } | undefined,
  given: Partial<GuardSituation>,
  kind: Finding['kind'],
];

function look(live: Case[1], given: Partial<GuardSituation>): Finding | undefined {
  const known = typeof live === 'string' ? { tag: live } : live;
  const said =
    known === undefined
      ? { known: false as const, problem: 'no answer' }
      : { known: true as const, ...known };
  const situation = { releases: [], rollbacks: [], busy: new Map(), before: new Map(), ...given };
  return judgeTargets({ targets: [{ name: 'web', live: said }], ...situation })[0];
}

test.each<Case>([
  ['what the record says', 'v2', { releases: ROLLED_BACK }, 'fine'],
  ['the held one, after it was replaced', 'v3', { releases: ROLLED_BACK }, 'held-release-back'],
  [
    'the held one under another tag of its commit',
    { tag: 'v3-again', commit: commitOf('v3') },
    { releases: ROLLED_BACK },
    'held-release-back',
  ],
  [
    'a recorded tag of the held commit, which does not say its commit',
    'v9',
    { releases: [...ROLLED_BACK, release('v9', 40, { commit: commitOf('v3') })] },
    'held-release-back',
  ],
  [
    'the held tag, moved to another commit',
    { tag: 'v3', commit: commitOf('v9') },
    { releases: ROLLED_BACK },
    'held-release-back',
  ],
  [
    'a release found bad without a hold, after it was replaced',
    'v3',
    { releases: [release('v3', 20, { status: 'bad' }), release('v2', 31)] },
    'held-release-back',
  ],
  [
    'the held one, recorded as deployed after its hold',
    'v3',
    { releases: [release('v1', 10), held('v3', 40, 25)] },
    'held-release-back',
  ],
  [
    'what somebody holds by hand, and nothing else since',
    'v3',
    { releases: HELD_BY_HAND },
    'still-live',
  ],
  [
    'what is held by hand, after the guard saw something else there',
    'v3',
    { releases: HELD_BY_HAND, before: new Map([['web', { tag: 'v1', at: at(28) }]]) },
    'held-release-back',
  ],
  [
    'what is held by hand, after the guard saw something else before the hold',
    'v3',
    { releases: HELD_BY_HAND, before: new Map([['web', { tag: 'v1', at: at(15) }]]) },
    'still-live',
  ],
  [
    'the held one, which a rollback replaced and could not record',
    'v3',
    { releases: HELD_BY_HAND, rollbacks: [ROLLBACK] },
    'held-release-back',
  ],
  [
    'the held one, which was replaced long ago and deployed properly since, before its hold',
    'v3',
    { releases: [release('v1', 10), held('v3', 40, 45)], rollbacks: [ROLLBACK] },
    'still-live',
  ],
  [
    'something older that nobody recorded now',
    'v1',
    { releases: ROLLED_BACK },
    'unrecorded-change',
  ],
  ['something that was never recorded', 'v9', { releases: ROLLED_BACK }, 'unrecorded-change'],
  ['something, and nothing was ever recorded', 'v9', {}, 'unrecorded-change'],
  ['nobody knows what', undefined, { releases: ROLLED_BACK }, 'unreadable'],
  // While a rollback is at work.
  [
    'the held one, before a rollback has deployed',
    'v3',
    {
      releases: HELD_BY_HAND,
      busy: BUSY,
      rollbacks: [{ ...ROLLBACK, ended: false, deployed: {} }],
    },
    'rollback-running',
  ],
  [
    'the release of a rollback that has not recorded it yet',
    'v2',
    {
      releases: [release('v1', 10), release('v2', 15), release('v3', 20)],
      busy: BUSY,
      rollbacks: [{ ...ROLLBACK, ended: false, deployed: {} }],
    },
    'rollback-running',
  ],
  [
    'something unrecorded while somebody has the right to change it',
    'v1',
    { releases: ROLLED_BACK, busy: BUSY },
    'rollback-running',
  ],
  [
    'the held one while a rollback that replaced it still validates',
    'v3',
    { releases: ROLLED_BACK, busy: BUSY, rollbacks: [{ ...ROLLBACK, ended: false }] },
    'held-release-back',
  ],
  [
    'the held one on the way forward to it again',
    'v3',
    {
      releases: ROLLED_BACK,
      busy: BUSY,
      rollbacks: [{ ...ROLLBACK, from: 'v2', to: 'v3', startedAt: at(50), ended: false }],
    },
    'rollback-running',
  ],
  [
    'what a rollback was to replace whose process is gone',
    'v3',
    { releases: HELD_BY_HAND, rollbacks: [{ ...ROLLBACK, ended: false, deployed: {} }] },
    'rollback-running',
  ],
  [
    'the held one, long after a rollback was left and something else went live',
    'v3',
    {
      releases: [...ROLLED_BACK, release('v4', 60)],
      rollbacks: [{ ...ROLLBACK, ended: false, deployed: {} }],
    },
    'held-release-back',
  ],
  ['what the record says, during a rollback', 'v2', { releases: ROLLED_BACK, busy: BUSY }, 'fine'],
])('A target that runs %s.', (_name, live, given, kind) => {
  const found = look(live, given);
  expect(found).toMatchObject({ kind, target: 'web' });
  expect(found?.text).not.toMatch(/undefined|null|\.\.|\.;/);
});

describe('what is said of it', () => {
  it('names who held it and why, how it is known, and what should be live', () => {
    expect(look('v3', { releases: ROLLED_BACK })).toMatchObject({
      expected: 'v2',
      held: { tag: 'v3' },
      text: `runs v3 again, which is held (it charged twice; by kim, incident inc1); v2 was recorded as live after it, at ${at(31)}`,
    });
  });

  it('expects no release that is held too', () => {
    const releases = [release('v1', 10), held('v3', 20, 31), held('v2', 31, 40)];
    expect(look('v3', { releases })).toMatchObject({ kind: 'held-release-back', expected: 'v1' });
  });

  it('expects no release of the commit of a held one', () => {
    const twin = release('v3-again', 40, { commit: commitOf('v3') });
    expect(look('v3', { releases: [...ROLLED_BACK, twin] })).toMatchObject({ expected: 'v2' });
  });

  it.each([
    [false, 'the rollback to v3 of incident inc1 is not finished'],
    [true, 'the return to v3 of incident inc1 is not finished'],
  ])('calls an interrupted return what it is: %j', (isReturn, says) => {
    const back = { ...ROLLBACK, from: 'v2', to: 'v3', startedAt: at(50), ended: false };
    const rollbacks = [{ ...back, deployed: {}, isReturn }];
    const found = look('v3', { releases: ROLLED_BACK, rollbacks });
    expect(found).toMatchObject({ kind: 'rollback-running', text: `runs v3; ${says}` });
  });

  it('is by target, so that a mixed state is named by its parts', () => {
    const targets = ['v2', 'v3'].map((tag, index) => ({
      name: ['web', 'api'][index] ?? '',
      live: { known: true as const, tag },
    }));
    const rest = { releases: ROLLED_BACK, rollbacks: [], busy: new Map(), before: new Map() };
    expect(judgeTargets({ targets, ...rest })).toMatchObject([
      { target: 'web', kind: 'fine' },
      { target: 'api', kind: 'held-release-back' },
    ]);
  });
});
