import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { committedFiles } from '../../../src/adapters/git/read-tree.ts';
import { gitFixture } from './git-fixture.ts';

test('Files are listed and read as a commit has them, whatever is checked out.', async () => {
  await using git = await gitFixture();
  const first = await git.commit('one', { 'a.txt': 'one', 'b/ä ö.txt': 'two', 'b/empty': '' });
  await git.commit('two', { 'a.txt': 'changed' });
  const files = committedFiles(git);
  const listed = await files.list(first);
  expect(listed.map(({ path, kind }) => [path, kind])).toEqual([
    ['a.txt', 'file'],
    ['b/empty', 'file'],
    ['b/ä ö.txt', 'file'],
  ]);
  const contents = await files.read(listed.map(({ id }) => id));
  const texts = listed.map(({ id }) => Buffer.from(contents.get(id) ?? 'none').toString());
  expect(texts).toEqual(['one', '', 'two']);
});

test('From a folder inside the repository the whole of it is listed.', async () => {
  await using git = await gitFixture();
  const commit = await git.commit('one', { 'a.txt': '1', 'b/c.txt': '2' });
  const files = committedFiles({ ...git, directory: join(git.directory, 'b') });
  expect((await files.list(commit)).map(({ path }) => path)).toEqual(['a.txt', 'b/c.txt']);
});

test('A file over the limit is a sentence, and the others are read.', async () => {
  await using git = await gitFixture();
  const commit = await git.commit('one', { large: 'x'.repeat(2000), small: 'y' });
  const files = committedFiles({ ...git, largest: 1000 });
  const listed = await files.list(commit);
  const contents = await files.read(listed.map(({ id }) => id));
  expect(listed.map(({ id }) => typeof contents.get(id))).toEqual(['string', 'object']);
});

test('More than one answer can hold is read in several.', async () => {
  await using git = await gitFixture();
  const size = 15 * 1024 * 1024;
  const large = { a: 'a'.repeat(size), b: 'b'.repeat(size), c: 'c'.repeat(size) };
  const commit = await git.commit('one', { ...large, d: 'd' });
  const files = committedFiles({ ...git, largest: 16 * 1024 * 1024 });
  const listed = await files.list(commit);
  const contents = await files.read(listed.map(({ id }) => id));
  const begin = listed.map(({ id }) => String.fromCodePoint(Number(contents.get(id)?.at(0))));
  expect(begin).toEqual(['a', 'b', 'c', 'd']);
});

test('Links and other repositories are told from files.', async () => {
  await using git = await gitFixture();
  await symlink('nowhere', join(git.directory, 'link'));
  const commit = await git.commit('one', { file: '1' });
  await git.git('update-index', '--add', '--cacheinfo', `160000,${commit},module`);
  await git.git('commit', '--quiet', '-m', 'two');
  const listed = await committedFiles(git).list('HEAD');
  expect(listed.map(({ path, kind }) => [path, kind])).toEqual([
    ['file', 'file'],
    ['link', 'link'],
    ['module', 'repository'],
  ]);
});

test('What a partial clone lacks is an error, and is not fetched.', async () => {
  await using git = await gitFixture();
  await git.git('config', 'uploadpack.allowFilter', 'true');
  const commit = await git.commit('one', { a: 'content' });
  const parent = await mkdtemp(join(git.directory, '..', 'partial-'));
  const clone = join(parent, 'clone');
  await git.git(
    'clone',
    '--quiet',
    '--bare',
    '--filter=blob:none',
    `file://${git.directory}`,
    clone,
  );
  // Older versions of git do not know the variable that forbids fetching: here nothing is left to fetch from.
  await rm(join(git.directory, '.git'), { recursive: true });
  const files = committedFiles({ ...git, directory: clone });
  const listed = await files.list(commit);
  await expect(files.read(listed.map(({ id }) => id))).rejects.toMatchObject({
    code: 'E_REPOSITORY',
  });
});
