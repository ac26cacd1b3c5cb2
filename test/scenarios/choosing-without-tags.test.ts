/** Given a repository that has no tags to choose from, or cannot be read, nothing is made up. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { answersTo, type Choice, wantedOf } from './support/choices.ts';
import { openGround } from './support/ground.ts';
import { PROVEN, remember } from './support/history.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const REPOSITORIES: Choice[] = [
  {
    given: 'no tag at all: that is a problem, and none is chosen',
    past: (site) => site.git('tag', '--delete', 'v1.0.0', 'v1.1.0', 'v1.2.0'),
    chosen: {
      exit: 4,
      code: 'E_NO_TARGET',
      says: /none was ever recorded/,
      remedy: /No git tag is a release: run `git fetch --tags`/,
    },
    candidates: {},
    problem: /No git tag is a release: none fits "v\*" of backout\.yml/,
    refused: { 'v1.1.0': { exit: 2, code: 'E_TAG_NOT_FOUND', says: /no release tag at all/ } },
  },
  {
    given: 'tags that do not fit the pattern: they are no releases, and the pattern is named',
    options: { edit: (config) => `${config}repository: { tag_pattern: 'api/v*' }\n` },
    past: () => Promise.resolve(),
    chosen: { exit: 4, code: 'E_NO_TARGET', says: /none was/, remedy: /repository\.tag_pattern/ },
    candidates: {},
    problem: /none fits "api\/v\*" of backout\.yml/,
  },
  {
    given: 'a clone without its history, as a workflow has it: what to do, and no wrong answer',
    past: async (site) => {
      await remember(site, PROVEN);
      // What `actions/checkout` makes by default: one commit, and no tags.
      await site.git('fetch', '--quiet', '--depth=1', '--update-shallow', '.', 'main');
      await site.git('tag', '--delete', 'v1.0.0', 'v1.1.0', 'v1.2.0');
    },
    chosen: {
      exit: 1,
      code: 'E_SHALLOW',
      says: /has no release tags: it was made without its full history/,
      remedy: /`git fetch --unshallow --tags`.*`fetch-depth: 0`/,
    },
    candidates: { 'v1.1.0': 'YELLOW tag-unknown', 'v1.0.0': 'YELLOW tag-unknown' },
    problem: /has no release tags/,
  },
  {
    given: 'a clone with only the tag that was pushed: the others are not called deleted',
    past: async (site) => {
      await remember(site, PROVEN);
      await site.git('tag', '--delete', 'v1.0.0', 'v1.1.0');
    },
    chosen: {
      exit: 4,
      code: 'E_NO_TARGET',
      says: /v1\.1\.0: its git tag is not in this clone/,
      remedy: /`git fetch --tags` \(in a workflow: `fetch-depth: 0`/,
    },
    candidates: { 'v1.1.0': 'RED tag-gone', 'v1.0.0': 'RED tag-gone' },
  },
  {
    given: 'a folder that is no git repository: no tag can be judged, and none is chosen',
    past: async (site) => {
      await remember(site, PROVEN);
      await rm(join(site.directory, '.git'), { recursive: true });
    },
    chosen: {
      exit: 1,
      code: 'E_REPOSITORY',
      says: /it is not a git repository/,
      remedy: /in a clone of the service/,
    },
    candidates: { 'v1.1.0': 'YELLOW tag-unknown', 'v1.0.0': 'YELLOW tag-unknown' },
    problem: /it is not a git repository/,
  },
  {
    given: 'a machine without git: what to install, and no release is chosen',
    options: { variables: { PATH: '/nowhere' } },
    past: (site) => remember(site, PROVEN),
    chosen: { exit: 1, code: 'E_GIT_MISSING', says: /"git" could not be/, remedy: /Install git/ },
    candidates: { 'v1.1.0': 'YELLOW tag-unknown', 'v1.0.0': 'YELLOW tag-unknown' },
    problem: /"git" could not be started/,
  },
];

test.each(REPOSITORIES)('given $given', async (choice) => {
  expect(await answersTo(ground, choice)).toEqual(wantedOf(choice));
});
