/** Given what was deployed before, the release that is gone back to, and what is said of the others. */

import { afterAll, expect, test, vi } from 'vitest';
import { expectExit } from './support/answers.ts';
import { answersTo, type Choice, wantedOf } from './support/choices.ts';
import { openGround } from './support/ground.ts';
import {
  assessed,
  hasArtefacts,
  PROVEN,
  remember,
  runs,
  saysOnlyCommits,
  tagCommit,
} from './support/history.ts';
import { changesOf, liveOf, releasesOf } from './support/look.ts';
import { openSite, type Site } from './support/site.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --json --reason 'Every second request fails'";

/** A good, B bad, C as it is; D good, and held. */
const A_B_C = [
  { tag: 'v1.0.0', status: 'good' },
  { tag: 'v1.1.0', status: 'bad' },
] as const;
const D = { tag: 'v1.3.0', status: 'good', held: 'It loses orders at night' } as const;

async function fourReleases(site: Site, liveNow: 'v1.2.0' | 'v1.3.0'): Promise<void> {
  const commit = await tagCommit(site, D.tag);
  const last = [{ tag: 'v1.2.0', status: 'bad' }, D] as const;
  await remember(site, [...A_B_C, ...(liveNow === 'v1.2.0' ? last.toReversed() : last)]);
  if (liveNow === D.tag) await runs(site, { tag: D.tag, commit });
}

const HISTORIES: Choice[] = [
  {
    given: 'A good, B bad, C bad and live: A, which is not the one before',
    past: (site) => remember(site, [...A_B_C, { tag: 'v1.2.0', status: 'bad' }]),
    chosen: 'v1.0.0',
    candidates: { 'v1.1.0': 'RED bad', 'v1.0.0': 'GREEN' },
    shows: [
      /v1\.0\.0 GREEN last known good/,
      /takes away: 2 commits.*Release v1\.2\.0.*Release v1\.1\.0/,
    ],
    refused: { 'v1.1.0': { exit: 4, code: 'E_TAG_BAD', says: /v1\.1\.0 was marked bad/ } },
  },
  {
    given: 'A good, B and C bad, D good but held and live: A',
    past: (site) => fourReleases(site, 'v1.3.0'),
    live: 'v1.3.0',
    chosen: 'v1.0.0',
    candidates: { 'v1.2.0': 'RED bad', 'v1.1.0': 'RED bad', 'v1.0.0': 'GREEN' },
    refused: { 'v1.2.0': { exit: 4, code: 'E_TAG_BAD', says: /v1\.2\.0 was marked bad/ } },
  },
  {
    given: 'A good, B and C bad, C live again after D, which is held: A',
    past: (site) => fourReleases(site, 'v1.2.0'),
    chosen: 'v1.0.0',
    candidates: { 'v1.3.0': 'RED held, newer', 'v1.1.0': 'RED bad', 'v1.0.0': 'GREEN' },
    shows: [/held: it is held: It loses orders at night/],
    refused: { 'v1.3.0': { exit: 4, code: 'E_FORWARD', says: /v1\.3\.0 is newer/ } },
  },
  {
    given:
      'a good release between that is held: it is passed over, and named with holder and reason',
    past: (site) =>
      remember(site, [
        { tag: 'v1.0.0', status: 'good' },
        { tag: 'v1.1.0', status: 'good', held: D.held },
        { tag: 'v1.2.0' },
      ]),
    chosen: 'v1.0.0',
    candidates: { 'v1.1.0': 'RED held', 'v1.0.0': 'GREEN' },
    refused: {
      'v1.1.0': { exit: 4, code: 'E_TAG_BAD', says: /is held since .* by ada: It loses orders/ },
    },
  },
  {
    given: 'an artefact that was deleted: the next good one, and a refusal that nobody can accept',
    past: async (site) => {
      await remember(site, PROVEN);
      await hasArtefacts(site, { 'v1.1.0': 1 });
    },
    chosen: 'v1.0.0',
    candidates: { 'v1.1.0': 'RED artefact-missing', 'v1.0.0': 'GREEN' },
    shows: [/artefact-missing: web has it no more: .*the registry has no such image/],
    refused: {
      'v1.1.0': {
        exit: 4,
        code: 'E_ARTEFACT_MISSING',
        says: /the registry has no such image\.$/,
        remedy: /Pick another release/,
      },
    },
  },
  {
    given:
      'an artefact that nobody can say anything about: it stays the last known good, in YELLOW',
    past: async (site) => {
      await remember(site, PROVEN);
      await hasArtefacts(site, { 'v1.1.0': 75 });
    },
    chosen: 'v1.1.0',
    candidates: { 'v1.1.0': 'YELLOW artefact-unknown', 'v1.0.0': 'GREEN' },
    refused: {
      'v1.1.0': {
        exit: 4,
        code: 'E_APPROVAL',
        says: /v1\.1\.0 is YELLOW \(web does not say whether it still has it/,
        remedy: /--plan [0-9a-f]{12} --approved-by NAME/,
      },
    },
  },
  {
    given: 'an older release that was live again later: what was live last counts, not its number',
    past: (site) =>
      remember(site, [
        { tag: 'v1.1.0', status: 'good' },
        { tag: 'v1.0.0', status: 'good' },
        { tag: 'v1.2.0' },
      ]),
    chosen: 'v1.0.0',
    candidates: { 'v1.0.0': 'GREEN', 'v1.1.0': 'GREEN' },
  },
  {
    given: 'more bad releases than are listed: the last known good is listed all the same',
    past: async (site) => {
      const bad = ['v1.2.1', 'v1.2.2', 'v1.2.3', 'v1.2.4', 'v1.2.5', 'v1.2.6'];
      for (const tag of bad) await tagCommit(site, tag);
      const failed = bad.map((tag) => ({ tag, status: 'bad' }) as const);
      await remember(site, [{ tag: 'v1.0.0', status: 'good' }, ...failed]);
      await runs(site, { tag: 'v1.2.6' });
    },
    live: 'v1.2.6',
    chosen: 'v1.0.0',
    candidates: {
      'v1.2.5': 'RED bad',
      'v1.2.4': 'RED bad',
      'v1.2.3': 'RED bad',
      'v1.2.2': 'RED bad',
      'v1.0.0': 'GREEN',
    },
  },
  {
    given: 'nothing ever recorded: git tags, all YELLOW, and none is chosen',
    past: () => Promise.resolve(),
    chosen: {
      exit: 4,
      code: 'E_NO_TARGET',
      says: /none was ever recorded/,
      remedy: /`backout rollback application --to v1\.1\.0` \(or v1\.0\.0\)/,
    },
    candidates: { 'v1.1.0': 'YELLOW unrecorded', 'v1.0.0': 'YELLOW unrecorded' },
    refused: {
      'v1.1.0': {
        exit: 4,
        code: 'E_APPROVAL',
        says: /v1\.1\.0 is YELLOW \(nobody recorded/,
        remedy: /--approved-by NAME/,
      },
    },
  },
  {
    given: 'a live release that is not known: what was recorded last stands for it',
    past: async (site) => {
      await remember(site, PROVEN);
      await runs(site, 'Segmentation fault (not)');
    },
    live: undefined,
    chosen: 'v1.1.0',
    candidates: { 'v1.1.0': 'GREEN', 'v1.0.0': 'GREEN' },
    shows: [/web unknown:/],
    problem: /web does not say what is live: .*Segmentation fault/,
  },
  {
    given: 'a live release that was deployed from a branch: its commit is compared all the same',
    past: async (site) => {
      await remember(site, PROVEN);
      await site.git('commit', '--quiet', '--allow-empty', '--message', 'Tried out in production');
      await runs(site, { tag: 'try-out', commit: await site.git('rev-parse', 'HEAD') });
    },
    live: 'try-out',
    chosen: 'v1.1.0',
    candidates: { 'v1.2.0': 'YELLOW unproven', 'v1.1.0': 'GREEN', 'v1.0.0': 'GREEN' },
    shows: [/web try-out/, /takes away: .*Tried out in production.*Release v1\.2\.0/],
  },
  {
    given: 'a platform that says only commits: the release at it is what is live',
    past: async (site) => {
      await remember(site, PROVEN);
      await saysOnlyCommits(site);
    },
    chosen: 'v1.1.0',
    candidates: { 'v1.1.0': 'GREEN', 'v1.0.0': 'GREEN' },
    shows: [/web v1\.2\.0/],
    refused: { 'v1.2.0': { exit: 0, code: 'E_ALREADY_LIVE', says: /v1\.2\.0 is live already/ } },
  },
];

test.each(HISTORIES)('given $given', async (choice) => {
  expect(await answersTo(ground, choice)).toEqual(wantedOf(choice));
});

test.each(['v1.2.0', 'v1.3.0'] as const)(
  'A good, B bad, C bad, D good but held: a rollback from %s ends at A',
  async (liveNow) => {
    await using site = await openSite(ground, { recorded: false });
    await fourReleases(site, liveNow);
    expectExit(await site.run(ROLLBACK), 0);
    expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.0.0']);
    expect(await liveOf(site)).toBe('v1.0.0');
    const held = (await releasesOf(site))
      .filter((one) => one.status === 'bad')
      .map(({ tag }) => tag);
    expect(held).toContain(liveNow);
  },
);

test('a rollback on a platform that says only commits is proven by the commit', async () => {
  await using site = await openSite(ground);
  await saysOnlyCommits(site);
  expectExit(await site.run(ROLLBACK), 0);
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.1.0']);
  expect(await assessed(site)).toMatchObject({ live: 'v1.1.0', problems: [] });
});

test('a rollback that failed there is resumed, since what is live is one of its two ends', async () => {
  await using site = await openSite(ground);
  await saysOnlyCommits(site);
  await site.trouble('fails');
  expectExit(await site.run(ROLLBACK), 1);
  expectExit(await site.run('incident resume --json'), 0);
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.1.0']);
});

test('nothing ever recorded: what two people name is gone back to, and then recorded', async () => {
  await using site = await openSite(ground, { recorded: false });
  expectExit(await site.run(`${ROLLBACK} --to v1.1.0 --approved-by 'Grace Hopper'`), 0);
  expect(await liveOf(site)).toBe('v1.1.0');
  expect(await releasesOf(site)).toMatchObject([
    { tag: 'v1.1.0', held: null },
    { tag: 'v1.2.0', status: 'bad' },
  ]);
});

test('an artefact that nobody can say anything about stops the rollback before it is deployed', async () => {
  await using site = await openSite(ground);
  await hasArtefacts(site, { 'v1.1.0': 75 });
  const end = await site.run(`${ROLLBACK} --approved-by 'Grace Hopper'`);
  expectExit(end, 1, 3);
  expect(await changesOf(site)).toEqual([]);
  expect(await liveOf(site)).toBe('v1.2.0');
});
