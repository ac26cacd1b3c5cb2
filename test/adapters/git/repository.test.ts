import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitRepository } from '../../../src/adapters/git/repository.ts';
import type { Repository } from '../../../src/ports/releases.ts';
import { type GitFixture, gitFixture } from './git-fixture.ts';

function open(
  fixture: GitFixture,
  more: Partial<Parameters<typeof gitRepository>[0]> = {},
): Repository {
  const { directory, env } = fixture;
  return gitRepository({ directory, env, tagPattern: 'v*', scheme: 'semver', ...more });
}

describe('tags of every kind', () => {
  let fixture: GitFixture;
  let commits: string[];
  beforeAll(async () => {
    fixture = await gitFixture();
    const { commit, git, feed } = fixture;
    commits = [await commit('One', { 'a.txt': 'a' }), await commit('Two')];
    await git('tag', '-a', '-m', 'inner', 'v1.0.0', commits[0] ?? '');
    await git('-c', 'advice.nestedTag=false', 'tag', '-a', '-m', 'around', 'v1.0.1', 'v1.0.0');
    await git('-c', 'advice.nestedTag=false', 'tag', '-a', '-m', 'around', 'v1.0.2', 'v1.0.1');
    const file = await feed('content', 'hash-object', '-w', '--stdin');
    await git('tag', 'v2.0.0', file);
    await git('tag', 'v2.0.1', 'HEAD^{tree}');
    await git('tag', '-a', '-m', 'a file', 'v2.0.2', file);
    await git('-c', 'advice.nestedTag=false', 'tag', '-a', '-m', 'around', 'v2.0.3', 'v2.0.2');
    // Older than tagger lines: what git itself made before 2005.
    const old = `object ${commits[1]}\ntype commit\ntag v0.1.0\n\nold\n`;
    const object = await feed(old, 'hash-object', '-t', 'tag', '-w', '--stdin', '--literally');
    await git('update-ref', 'refs/tags/v0.1.0', object);
    await git('tag', 'v3.0.0;reboot');
    await git('tag', "v3.0.1$(id)'");
    await git('tag', 'vv4.0.0');
    await git('tag', 'v5.0.0+build.5');
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('follows annotated tags of tags to their commit', async () => {
    const tags = await open(fixture).tags();
    const nested = tags.filter((tag) => tag.name.startsWith('v1.'));
    expect(nested.map((tag) => [tag.name, tag.commit, tag.annotated])).toEqual([
      ['v1.0.2', commits[0], true],
      ['v1.0.1', commits[0], true],
      ['v1.0.0', commits[0], true],
    ]);
  });

  it('leaves out tags on files and trees, and names that are unsafe to pass on', async () => {
    const names = (await open(fixture).tags()).map((tag) => tag.name);
    expect(names).toEqual(['v5.0.0+build.5', 'v1.0.2', 'v1.0.1', 'v1.0.0', 'v0.1.0']);
  });

  it('takes the time of the commit for a tag that has no time of its own', async () => {
    const old = (await open(fixture).tags()).find((tag) => tag.name === 'v0.1.0');
    expect(old?.at).toBe('2025-01-01T12:02:00.000Z');
  });

  it('does not resolve a tag on a file to a commit', async () => {
    expect(await open(fixture).resolve('v2.0.0')).toBeUndefined();
  });

  it('believes the tag over a branch of the same name, and over git replace', async () => {
    const { git } = fixture;
    await git('branch', 'v1.0.0', commits[1] ?? '');
    await git('replace', '-f', commits[0] ?? '', commits[1] ?? '');
    expect(await open(fixture).resolve('v1.0.0')).toBe(commits[0]);
    expect(await open(fixture).fileAt(commits[0] ?? '', 'a.txt')).toBe('a');
    expect(await open(fixture).isAncestor(commits[0] ?? '', commits[1] ?? '')).toBe(true);
    await git('replace', '-d', commits[0] ?? '');
  });

  it('is not led astray by the variables git gives to hooks', async () => {
    const env = { ...fixture.env, GIT_DIR: '/nowhere', GIT_INDEX_FILE: '/nowhere/index' };
    expect(await open(fixture, { env }).resolve('main')).toBe(commits[1]);
  });

  it('works from a folder inside the repository and in a bare clone', async () => {
    const inside = join(fixture.directory, 'sub', 'folder');
    await mkdir(inside, { recursive: true });
    expect(await open(fixture, { directory: inside }).resolve('v1.0.0')).toBe(commits[0]);
    await fixture.git('clone', '--quiet', '--bare', '.', '../bare.git');
    const bare = open(fixture, { directory: join(fixture.directory, '..', 'bare.git') });
    expect(await bare.tags()).toHaveLength(5);
  });

  it.each(['/etc/passwd', '../a.txt', './a.txt', 'a//b', '', 'a\nb'])(
    'refuses %j as the path of a file',
    async (path) => {
      await expect(open(fixture).fileAt(commits[0] ?? '', path)).rejects.toMatchObject({
        code: 'E_FILE_PATH',
      });
    },
  );
});

describe('many tags', () => {
  it('lists ten thousand, half of them annotated, newest first', async () => {
    await using fixture = await gitFixture();
    const commit = await fixture.commit('One');
    const lines = Array.from({ length: 10_000 }, (_, index) =>
      index % 2 === 0
        ? `reset refs/tags/v1.${index}.0\nfrom ${commit}\n`
        : `tag v1.${index}.0\nfrom ${commit}\ntagger T <t@example.com> 1735732800 +0000\ndata 0\n`,
    );
    await fixture.feed(lines.join('\n'), 'fast-import', '--quiet');
    const start = performance.now();
    const tags = await open(fixture).tags();
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(tags).toHaveLength(10_000);
    expect(tags[0]?.name).toBe('v1.9999.0');
    expect(tags.every((tag) => tag.commit === commit)).toBe(true);
  });

  it('answers with none when there are none', async () => {
    await using fixture = await gitFixture();
    await fixture.commit('One');
    expect(await open(fixture).tags()).toEqual([]);
  });

  it('answers with none in a repository without a single commit', async () => {
    await using fixture = await gitFixture();
    expect(await open(fixture).tags()).toEqual([]);
    expect(await open(fixture).resolve('main')).toBeUndefined();
  });

  it('finds the versions of one part of a monorepo, calendar versions included', async () => {
    await using fixture = await gitFixture();
    await fixture.commit('One');
    for (const tag of ['api/v2025.01.12', 'api/v2025.1.9', 'web/v2025.2.1', 'v2025.3.1']) {
      await fixture.git('tag', tag);
    }
    const api = open(fixture, { tagPattern: 'api/v*', scheme: 'calendar' });
    expect((await api.tags()).map((tag) => tag.name)).toEqual(['api/v2025.01.12', 'api/v2025.1.9']);
  });
});

describe('a clone without its full history', () => {
  let fixture: GitFixture;
  let commits: string[];
  let directory: string;
  beforeAll(async () => {
    fixture = await gitFixture();
    commits = [
      await fixture.commit('One'),
      await fixture.commit('Two'),
      await fixture.commit('Three'),
    ];
    await fixture.git('tag', 'v1.0.0', commits[0] ?? '');
    await fixture.git('tag', 'v1.1.0');
    const source = `file://${fixture.directory}`;
    await fixture.git('clone', '--quiet', '--depth=1', '--no-tags', source, '../shallow');
    directory = join(fixture.directory, '..', 'shallow');
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('does not claim that there are no releases', async () => {
    await expect(open(fixture, { directory }).tags()).rejects.toMatchObject({
      code: 'E_SHALLOW',
      remedy: expect.stringContaining('git fetch --unshallow --tags') as string,
    });
  });

  it('does not answer what it cannot know', async () => {
    const shallow = open(fixture, { directory });
    const [one = '', , three = ''] = commits;
    await expect(shallow.isAncestor(one, three)).rejects.toMatchObject({ code: 'E_SHALLOW' });
    await fixture.git('-C', directory, 'fetch', '--quiet', '--depth=1', 'origin', 'tag', 'v1.0.0');
    await expect(shallow.isAncestor(one, three)).rejects.toMatchObject({ code: 'E_SHALLOW' });
    await expect(shallow.commitsBetween(one, three, 5)).rejects.toMatchObject({
      code: 'E_SHALLOW',
    });
    expect(await shallow.isAncestor(three, three)).toBe(true);
  });

  it('answers everything once the remedy was followed', async () => {
    await fixture.git('-C', directory, 'fetch', '--quiet', '--unshallow', '--tags');
    const whole = open(fixture, { directory });
    expect((await whole.tags()).map((tag) => tag.name)).toEqual(['v1.1.0', 'v1.0.0']);
    expect(await whole.isAncestor(commits[0] ?? '', commits[2] ?? '')).toBe(true);
  });
});

describe('what can be wrong with a repository', () => {
  it('explains a folder that is no repository', async () => {
    await using fixture = await gitFixture();
    const env = { ...fixture.env, GIT_CEILING_DIRECTORIES: '/' };
    const directory = join(fixture.directory, '..');
    await expect(open(fixture, { directory, env }).tags()).rejects.toMatchObject({
      code: 'E_REPOSITORY',
      message: expect.stringContaining('not a git repository') as string,
    });
  });

  it('explains a folder that is not there', async () => {
    await using fixture = await gitFixture();
    const directory = join(fixture.directory, 'gone');
    await expect(open(fixture, { directory }).resolve('main')).rejects.toMatchObject({
      code: 'E_REPOSITORY',
      message: expect.stringContaining('not there') as string,
    });
  });

  it('explains that git is missing', async () => {
    await using fixture = await gitFixture();
    await expect(open(fixture, { program: 'git-is-not-here' }).tags()).rejects.toMatchObject({
      code: 'E_GIT_MISSING',
      remedy: expect.stringContaining('apt-get install git') as string,
    });
  });

  it('gives up on a git that does not answer', async () => {
    await using fixture = await gitFixture();
    const program = join(fixture.directory, 'slow-git');
    await writeFile(program, '#!/bin/sh\nexec sleep 60\n');
    await chmod(program, 0o755);
    const start = performance.now();
    await expect(open(fixture, { program, timeoutMs: 200 }).tags()).rejects.toMatchObject({
      code: 'E_GIT_TIMEOUT',
      retryable: true,
    });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('explains a repository with missing objects', async () => {
    await using fixture = await gitFixture();
    await fixture.commit('One');
    const gone = '1234567890'.repeat(4);
    await writeFile(join(fixture.directory, '.git', 'refs', 'tags', 'v1.0.0'), `${gone}\n`);
    await expect(open(fixture).tags()).rejects.toMatchObject({
      code: 'E_REPOSITORY',
      remedy: expect.stringContaining('git fsck') as string,
    });
  });

  it('explains a folder that belongs to another user', async () => {
    await using fixture = await gitFixture();
    // git's own switch for its tests; changing the owner would need root.
    const env = { ...fixture.env, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' };
    await expect(open(fixture, { env }).tags()).rejects.toMatchObject({
      code: 'E_REPOSITORY',
      message: expect.stringContaining('another user') as string,
      remedy: expect.stringContaining('safe.directory') as string,
    });
  });
});
