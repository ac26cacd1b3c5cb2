/** Given tags that are moved, deleted, elsewhere, doubled or odd, what is chosen and said. */

import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { answersTo, type Choice, wantedOf } from './support/choices.ts';
import { openGround } from './support/ground.ts';
import { PROVEN, remember, runs, tagCommit } from './support/history.ts';
import type { Site } from './support/site.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const GREEN = { 'v1.1.0': 'GREEN', 'v1.0.0': 'GREEN' } as const;
const ELSEWHERE = /not in the history of what is live, but on another branch or on none/;

/** A tag on a commit that the history of what is live does not have. */
async function tagOnBranch(site: Site, tag: string, ...options: string[]): Promise<void> {
  await site.git('checkout', '--quiet', ...options, 'other');
  await tagCommit(site, tag);
  await site.git('checkout', '--quiet', '--force', 'main');
  await site.git('branch', '--quiet', '-D', 'other');
}

const moved = (given: string, ...how: string[]): Choice => ({
  given,
  past: async (site) => {
    await remember(site, PROVEN);
    await site.git('tag', '--force', ...how, 'v1.1.0', 'v1.0.0');
  },
  chosen: 'v1.0.0',
  candidates: { 'v1.1.0': 'RED tag-moved', 'v1.0.0': 'GREEN' },
  shows: [/tag-moved: its tag was moved: now [0-9a-f]{10}, was deployed as [0-9a-f]{10}/],
  refused: {
    'v1.1.0': {
      exit: 4,
      code: 'E_TAG_MOVED',
      says: /now [0-9a-f]{10}, was deployed as [0-9a-f]{10}/,
      remedy: /git tag -f v1\.1\.0 [0-9a-f]{40}/,
    },
  },
});

const TAGS: Choice[] = [
  moved('a lightweight tag that was moved: it is passed over, and both commits are named'),
  moved('an annotated tag in its place, elsewhere: the same', '--annotate', '--message', 'again'),
  {
    given: 'the tag of what is live moved to an older release: what runs is compared, not the tag',
    past: async (site) => {
      await remember(site, PROVEN);
      await site.git('tag', '--force', 'v1.2.0', 'v1.1.0^{commit}');
    },
    chosen: 'v1.1.0',
    candidates: GREEN,
    problem: /The tag v1\.2\.0 was moved: live is commit [0-9a-f]{10}, and the tag stands for/,
  },
  {
    given: 'a good release whose tag was deleted: the next one, and how to make the tag again',
    past: async (site) => {
      await remember(site, PROVEN);
      await site.git('tag', '--delete', 'v1.1.0');
    },
    chosen: 'v1.0.0',
    candidates: { 'v1.1.0': 'RED tag-gone', 'v1.0.0': 'GREEN' },
    refused: {
      'v1.1.0': {
        exit: 2,
        code: 'E_TAG_NOT_FOUND',
        says: /v1\.1\.0 was deployed as [0-9a-f]{10}, and has no tag in this repository/,
        remedy: /`git fetch --tags`.*`git tag v1\.1\.0 [0-9a-f]{40}`/,
      },
    },
  },
  {
    given: 'a tag on another branch that nobody recorded: YELLOW, and why',
    past: async (site) => {
      await remember(site, PROVEN);
      await site.git('branch', 'other', 'v1.0.0');
      await tagOnBranch(site, 'v1.1.9');
    },
    chosen: 'v1.1.0',
    candidates: { ...GREEN, 'v1.1.9': 'YELLOW unrecorded, elsewhere' },
    shows: [ELSEWHERE],
    refused: { 'v1.1.9': { exit: 4, code: 'E_APPROVAL', says: ELSEWHERE } },
  },
  {
    given: 'a tag on another branch that was live and good: the hotfix is the last known good',
    past: async (site) => {
      await site.git('branch', 'other', 'v1.0.0');
      await tagOnBranch(site, 'v1.1.9');
      await remember(site, [...PROVEN.slice(0, 2), { tag: 'v1.1.9', status: 'good' }, PROVEN[2]]);
    },
    chosen: 'v1.1.9',
    candidates: { 'v1.1.9': 'GREEN', ...GREEN },
  },
  {
    given: 'a tag on a history without a common root, its branch deleted: YELLOW, and why',
    past: async (site) => {
      await remember(site, PROVEN);
      await tagOnBranch(site, 'v1.1.9', '--orphan');
    },
    chosen: 'v1.1.0',
    candidates: { ...GREEN, 'v1.1.9': 'YELLOW unrecorded, elsewhere' },
    refused: { 'v1.1.9': { exit: 4, code: 'E_APPROVAL', says: ELSEWHERE } },
  },
  {
    given: 'a second, older tag on the commit that is live: not back to the same commit',
    past: async (site) => {
      await site.git('tag', 'v1.1.9', 'v1.2.0^{commit}');
      await remember(site, [...PROVEN.slice(0, 2), { tag: 'v1.1.9', status: 'good' }, PROVEN[2]]);
    },
    chosen: 'v1.1.0',
    candidates: { 'v1.1.9': 'RED same-commit', ...GREEN },
    refused: {
      'v1.1.9': {
        exit: 0,
        code: 'E_ALREADY_LIVE',
        says: /v1\.1\.9 is the same commit as v1\.2\.0, which is live/,
      },
    },
  },
  {
    given: 'the newer of two tags on one commit is what the platform says: likewise',
    past: async (site) => {
      await site.git('tag', 'v1.2.1', 'v1.2.0^{commit}');
      await remember(site, [...PROVEN.slice(0, 2), { tag: 'v1.2.0', status: 'good' }]);
      await runs(site, { tag: 'v1.2.1' });
    },
    live: 'v1.2.1',
    chosen: 'v1.1.0',
    candidates: { 'v1.2.0': 'RED same-commit', ...GREEN },
  },
  {
    given: 'a commit that is held under its other tag: it is held under both',
    past: async (site) => {
      await site.git('tag', 'v1.1.0-hotfix', 'v1.1.0^{commit}');
      const held = { tag: 'v1.1.0-hotfix', held: 'It loses orders at night' };
      await remember(site, [PROVEN[0], held, ...PROVEN.slice(1)]);
    },
    chosen: 'v1.0.0',
    candidates: {
      'v1.1.0': 'RED held',
      'v1.1.0-hotfix': 'RED held, unproven, pre-release',
      'v1.0.0': 'GREEN',
    },
    refused: {
      'v1.1.0': {
        exit: 4,
        code: 'E_TAG_BAD',
        says: /same commit as v1\.1\.0-hotfix, which is held: It loses orders/,
      },
    },
  },
  {
    given: 'pre-releases: by name only, also when they were live and good',
    past: async (site) => {
      await site.git('tag', 'v1.1.1-rc.1', await tagCommit(site, 'not-a-version'));
      const candidate = { tag: 'v1.1.1-rc.1', status: 'good' } as const;
      await remember(site, [...PROVEN.slice(0, 2), candidate, PROVEN[2]]);
    },
    chosen: 'v1.1.0',
    candidates: { 'v1.1.1-rc.1': 'YELLOW pre-release', ...GREEN },
  },
  {
    given: 'v1.10.0 live after v1.9.0: numbers are compared, not letters',
    past: async (site) => {
      await tagCommit(site, 'v1.9.0');
      await tagCommit(site, 'v1.10.0');
      await remember(site, [{ tag: 'v1.9.0', status: 'good' }, { tag: 'v1.10.0' }]);
      await runs(site, { tag: 'v1.10.0' });
    },
    live: 'v1.10.0',
    chosen: 'v1.9.0',
    candidates: {
      'v1.9.0': 'GREEN',
      'v1.2.0': 'YELLOW unrecorded',
      'v1.1.0': 'YELLOW unrecorded',
      'v1.0.0': 'YELLOW unrecorded',
    },
  },
  {
    given: 'calendar versions: leading zeros and several a day are in order',
    options: { edit: (config) => `${config}repository: { versioning: calendar }\n` },
    past: async (site) => {
      const tags = ['v2025.9.30', 'v2025.10.01', 'v2025.10.1-2', 'v2025.10.2'];
      for (const tag of tags) await tagCommit(site, tag);
      await remember(site, [{ tag: 'v2025.10.01', status: 'good' }, { tag: 'v2025.10.1-2' }]);
      await runs(site, { tag: 'v2025.10.1-2' });
    },
    live: 'v2025.10.1-2',
    chosen: 'v2025.10.01',
    candidates: { 'v2025.10.01': 'GREEN', 'v2025.9.30': 'YELLOW unrecorded' },
    refused: { 'v2025.10.2': { exit: 4, code: 'E_FORWARD', says: /v2025\.10\.2 is newer/ } },
  },
  {
    given: 'two thousand tags, packed, among them odd ones: only releases count',
    past: async (site) => {
      await remember(site, PROVEN);
      const commit = await site.git('rev-parse', 'v1.0.0^{commit}');
      const odd = ['größe', 'v1.1.1;reboot', 'v1.1.1-größe', 'nightly', 'release/1.1.1', '-v1.1.1'];
      const many = Array.from({ length: 2_000 }, (_, index) => `v0.${index}.0`);
      for (const name of [...odd, ...many.slice(0, 3)]) {
        await site.git('update-ref', `refs/tags/${name}`, commit);
      }
      await packRefs(site, many, commit);
    },
    chosen: 'v1.1.0',
    candidates: {
      ...GREEN,
      'v0.1999.0': 'YELLOW unrecorded',
      'v0.1998.0': 'YELLOW unrecorded',
      'v0.1997.0': 'YELLOW unrecorded',
    },
    refused: {
      '-v1.1.1': { exit: 2, code: 'E_TAG_FORMAT', says: /"-v1\.1\.1" is not a release tag/ },
      'v1.0.0..v1.1.0': { exit: 2, code: 'E_TAG_FORMAT', says: /is not a release tag/ },
      'v1.1.1-größe': { exit: 2, code: 'E_TAG_FORMAT', says: /is not a release tag/ },
    },
  },
];

/** Many at once, as `git gc` leaves them: one file for all. */
async function packRefs(site: Site, names: readonly string[], commit: string): Promise<void> {
  await site.git('pack-refs', '--all');
  const file = join(site.directory, '.git', 'packed-refs');
  const kept = (await readFile(file, 'utf8')).replace('sorted', '');
  const known = new Set(kept.match(/refs\/tags\/\S+/g));
  const lines = names.filter((name) => !known.has(`refs/tags/${name}`));
  await writeFile(file, kept);
  await appendFile(file, lines.map((name) => `${commit} refs/tags/${name}\n`).join(''));
}

test.each(TAGS)('given $given', async (choice) => {
  expect(await answersTo(ground, choice)).toEqual(wantedOf(choice));
});
