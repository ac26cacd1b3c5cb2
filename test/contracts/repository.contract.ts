import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Repository } from '../../src/ports/releases.ts';

/**
 *     first ── second ── third ── fourth ── fifth  (main)
 *       │        │ └ hotfix  │       │          │     (maintenance)
 *     v1.0.0   v1.1.0      v1.2.0  v1.10.0-rc.1 vlast
 *              v1.1.1      (annotated)
 *     hotfix has v1.1.2. `latest`, `vnext` and `vlast` are tags, but no versions.
 *     deploy.yml says "one" at first, "three" at third; docs/guide.md comes with third.
 */
export interface RepositoryFixture {
  repository: Repository;
  commits: Record<'first' | 'second' | 'third' | 'fourth' | 'fifth' | 'hotfix', string>;
  dispose: () => Promise<void>;
}

/** What every Repository does, run on each of them. */
export function repositoryContract(name: string, make: () => Promise<RepositoryFixture>): void {
  describe(`Repository: ${name}`, () => {
    let fixture: RepositoryFixture;
    beforeAll(async () => {
      fixture = await make();
    });
    afterAll(() => fixture.dispose());

    it('lists the tags that are versions, newest version first', async () => {
      const tags = await fixture.repository.tags();
      expect(tags.map((tag) => tag.name)).toEqual([
        'v1.10.0-rc.1',
        'v1.2.0',
        'v1.1.2',
        'v1.1.1',
        'v1.1.0',
        'v1.0.0',
      ]);
    });

    it('gives the commit behind a tag, also behind an annotated one', async () => {
      const { commits, repository } = fixture;
      const byName = new Map((await repository.tags()).map((tag) => [tag.name, tag]));
      expect(byName.get('v1.2.0')).toMatchObject({ commit: commits.third, annotated: true });
      expect(byName.get('v1.0.0')).toMatchObject({ commit: commits.first, annotated: false });
      expect(byName.get('v1.1.0')?.commit).toBe(byName.get('v1.1.1')?.commit);
      expect(byName.get('v1.10.0-rc.1')?.version.prerelease).toBe(true);
    });

    it('gives the time of a tag in UTC', async () => {
      for (const tag of await fixture.repository.tags()) {
        expect(tag.at).toMatch(/^2025-01-01T12:0\d:00\.000Z$/);
      }
    });

    it('resolves tags, branches and commits, whole and shortened', async () => {
      const { commits, repository } = fixture;
      expect(await repository.resolve('v1.2.0')).toBe(commits.third);
      expect(await repository.resolve('latest')).toBe(commits.third);
      expect(await repository.resolve('maintenance')).toBe(commits.hotfix);
      expect(await repository.resolve(commits.first)).toBe(commits.first);
      expect(await repository.resolve(commits.first.slice(0, 12))).toBe(commits.first);
    });

    it('answers undefined for names that stand for nothing', async () => {
      expect(await fixture.repository.resolve('v9.9.9')).toBeUndefined();
      expect(await fixture.repository.resolve('0'.repeat(40))).toBeUndefined();
    });

    it.each(['--help', '-v', 'v1.0.0..v1.2.0', 'HEAD~1', '', ':/first', 'v1.0.0\nv1.2.0', '@{1}'])(
      'refuses %j as a name',
      async (given) => {
        await expect(fixture.repository.resolve(given)).rejects.toMatchObject({
          code: 'E_TAG_FORMAT',
          kind: 'usage',
        });
      },
    );

    it('knows what is an ancestor of what', async () => {
      const { commits, repository } = fixture;
      expect(await repository.isAncestor(commits.first, commits.fourth)).toBe(true);
      expect(await repository.isAncestor(commits.fourth, commits.first)).toBe(false);
      expect(await repository.isAncestor(commits.hotfix, commits.fourth)).toBe(false);
      expect(await repository.isAncestor(commits.third, commits.third)).toBe(true);
    });

    it('says so when a commit is not there at all', async () => {
      const { commits, repository } = fixture;
      await expect(repository.isAncestor('f'.repeat(40), commits.first)).rejects.toMatchObject({
        code: 'E_COMMIT_UNKNOWN',
      });
      await expect(repository.fileAt('f'.repeat(40), 'deploy.yml')).rejects.toMatchObject({
        code: 'E_COMMIT_UNKNOWN',
      });
    });

    it('lists the commits between two, newest first, up to a limit', async () => {
      const { commits, repository } = fixture;
      expect(await repository.commitsBetween(commits.first, commits.fourth, 10)).toEqual([
        { commit: commits.fourth, subject: 'Fourth' },
        { commit: commits.third, subject: 'Third: größer, 大' },
        { commit: commits.second, subject: 'Second' },
      ]);
      const two = await repository.commitsBetween(commits.first, commits.fourth, 2);
      expect(two.map(({ commit }) => commit)).toEqual([commits.fourth, commits.third]);
      expect(await repository.commitsBetween(commits.hotfix, commits.third, 10)).toEqual([
        { commit: commits.third, subject: 'Third: größer, 大' },
      ]);
    });

    it('lists nothing between a commit and itself, or backwards', async () => {
      const { commits, repository } = fixture;
      expect(await repository.commitsBetween(commits.third, commits.third, 10)).toEqual([]);
      expect(await repository.commitsBetween(commits.fourth, commits.first, 10)).toEqual([]);
    });

    it('counts the commits and the files between two, and names files up to a limit', async () => {
      const { commits, repository } = fixture;
      expect(await repository.changesBetween(commits.first, commits.fourth, 10)).toEqual({
        commits: 3,
        files: 2,
        paths: ['deploy.yml', 'docs/guide.md'],
      });
      expect(await repository.changesBetween(commits.first, commits.fourth, 1)).toMatchObject({
        files: 2,
        paths: ['deploy.yml'],
      });
      expect(await repository.changesBetween(commits.third, commits.third, 10)).toEqual({
        commits: 0,
        files: 0,
        paths: [],
      });
      // Backwards: nothing to take away, but the files differ all the same.
      expect(await repository.changesBetween(commits.fourth, commits.hotfix, 10)).toMatchObject({
        commits: 1,
        files: 2,
      });
      await expect(
        repository.changesBetween(commits.first, 'f'.repeat(40), 10),
      ).rejects.toMatchObject({ code: 'E_COMMIT_UNKNOWN' });
    });

    it('describes a commit by the last release in its history', async () => {
      const { commits, repository } = fixture;
      expect(await repository.describe(commits.first)).toEqual({
        tag: 'v1.0.0',
        distance: 0,
        text: 'v1.0.0',
      });
      // Of two tags on one commit the annotated one.
      expect(await repository.describe(commits.second)).toMatchObject({ tag: 'v1.1.0' });
      // `latest` and `vnext` stand on it too, and are no releases.
      expect(await repository.describe(commits.third)).toMatchObject({ text: 'v1.2.0' });
      expect(await repository.describe(commits.hotfix)).toMatchObject({ text: 'v1.1.2' });
    });

    it('says how many commits came after the release, and of which commit that is said', async () => {
      const { commits, repository } = fixture;
      expect(await repository.describe(commits.fifth)).toEqual({
        tag: 'v1.10.0-rc.1',
        distance: 1,
        text: `v1.10.0-rc.1-1-g${commits.fifth.slice(0, 10)}`,
      });
      await expect(repository.describe('f'.repeat(40))).rejects.toMatchObject({
        code: 'E_COMMIT_UNKNOWN',
      });
      await expect(repository.describe('--help')).rejects.toMatchObject({ code: 'E_TAG_FORMAT' });
    });

    it('reads a file as it was at a commit', async () => {
      const { commits, repository } = fixture;
      expect(await repository.fileAt(commits.first, 'deploy.yml')).toBe('one\n');
      expect(await repository.fileAt(commits.fourth, 'deploy.yml')).toBe('three\n');
      expect(await repository.fileAt(commits.third, 'docs/guide.md')).toBe('größer\n');
      expect(await repository.fileAt(commits.first, 'docs/guide.md')).toBeUndefined();
      expect(await repository.fileAt(commits.third, 'docs')).toBeUndefined();
    });
  });
}
