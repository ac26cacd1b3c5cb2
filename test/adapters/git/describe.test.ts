import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitRepository } from '../../../src/adapters/git/repository.ts';
import type { Repository } from '../../../src/ports/releases.ts';
import { type GitFixture, gitFixture } from './git-fixture.ts';

function open(
  { directory, env }: Pick<GitFixture, 'directory' | 'env'>,
  more: Partial<Parameters<typeof gitRepository>[0]> = {},
): Repository {
  return gitRepository({ directory, env, tagPattern: 'v*', scheme: 'semver', ...more });
}

describe('two services in one repository', () => {
  let fixture: GitFixture;
  let commits: string[];
  beforeAll(async () => {
    fixture = await gitFixture();
    const { commit, git } = fixture;
    const first = await commit('Both', { 'payments/a.ts': '1', 'orders/a.ts': '1' });
    await git('tag', 'payments/v1.0.0');
    await git('tag', 'orders/v7.0.0');
    const second = await commit('Orders only', { 'orders/a.ts': '2', 'orders/b.ts': '2' });
    await git('tag', 'orders/v7.1.0');
    await git('tag', 'payments/vnext');
    const third = await commit('Payments only', { 'payments/a.ts': '3' });
    const fourth = await commit('Neither', { 'README.md': '4' });
    commits = [first, second, third, fourth];
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const services = [
    ['payments/v*', ['payments/v1.0.0', 'payments/v1.0.0', 'payments/v1.0.0', 'payments/v1.0.0']],
    ['orders/v*', ['orders/v7.0.0', 'orders/v7.1.0', 'orders/v7.1.0', 'orders/v7.1.0']],
  ] as const;

  it.each(services)('each is described by its own tags: %s', async (tagPattern, expected) => {
    const repository = open(fixture, { tagPattern });
    const found = await Promise.all(commits.map((commit) => repository.describe(commit)));
    expect(found.map((one) => one?.tag)).toEqual(expected);
  });

  it('a commit that only has tags of another service has no release in its history', async () => {
    expect(await open(fixture, { tagPattern: 'billing/v*' }).describe(commits[3] ?? '')).toBe(
      undefined,
    );
    expect(await open(fixture).describe(commits[3] ?? '')).toBeUndefined();
  });

  it.each([
    ['payments', 1, ['payments/a.ts'], ['Payments only']],
    ['orders', 1, ['orders/a.ts', 'orders/b.ts'], ['Orders only']],
    ['nothing-here', 0, [], []],
    // Not a pattern: a folder of that very name.
    ['pay*', 0, [], []],
  ])(
    'what changed in the folder %s is what counts',
    async (folder, commitCount, paths, subjects) => {
      const [first = '', , , fourth = ''] = commits;
      // From a folder in the clone it means the same: it is a path from the root of the repository.
      for (const directory of [fixture.directory, join(fixture.directory, 'orders')]) {
        const repository = open(fixture, { directory, folder });
        expect(await repository.changesBetween(first, fourth, 10)).toEqual({
          commits: commitCount,
          files: paths.length,
          paths,
        });
        const listed = await repository.commitsBetween(first, fourth, 10);
        expect(listed.map(({ subject }) => subject)).toEqual(subjects);
      }
    },
  );
});

it('says of a repository without any tag that nothing describes a commit', async () => {
  await using fixture = await gitFixture();
  expect(await open(fixture).describe(await fixture.commit('One'))).toBeUndefined();
});

it('signs that mean something in a pattern are signs in the name of a tag', async () => {
  await using fixture = await gitFixture();
  const one = await fixture.commit('One');
  await fixture.git('tag', 'av1.0.0');
  expect(await open(fixture, { tagPattern: '[ab]v*' }).describe(one)).toBeUndefined();
  expect(await open(fixture, { tagPattern: '?v*' }).describe(one)).toBeUndefined();
  expect(await open(fixture, { tagPattern: 'av*' }).describe(one)).toMatchObject({ distance: 0 });
});

describe('a clone that is cut off', () => {
  let fixture: GitFixture;
  let clone: Repository;
  let commits: string[];
  beforeAll(async () => {
    fixture = await gitFixture();
    const { commit, git, directory } = fixture;
    commits = [await commit('One', { a: '1' }), await commit('Two'), await commit('Three')];
    await git('tag', 'v1.0.0', commits[0] ?? '');
    await git('clone', '--quiet', '--depth=1', `file://${directory}`, '../shallow');
    clone = open({ directory: join(directory, '..', 'shallow'), env: fixture.env });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('does not say how far a commit is from a release that it cannot see', async () => {
    const [, , three = ''] = commits;
    await expect(clone.describe(three)).rejects.toMatchObject({ code: 'E_SHALLOW' });
    await expect(clone.changesBetween(three, three, 5)).rejects.toMatchObject({
      code: 'E_SHALLOW',
    });
  });

  it('knows the release of a commit that is tagged itself', async () => {
    const [, , three = ''] = commits;
    await fixture.git('-C', '../shallow', 'tag', 'v1.1.0', three);
    expect(await clone.describe(three)).toMatchObject({ text: 'v1.1.0', distance: 0 });
  });
});
