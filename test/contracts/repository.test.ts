import { memoryRepository } from '../../src/adapters/memory/repository.ts';
import { gitRepository } from '../../src/adapters/git/repository.ts';
import { gitFixture } from '../adapters/git/git-fixture.ts';
import { repositoryContract } from './repository.contract.ts';

repositoryContract('git', async () => {
  const fixture = await gitFixture();
  const { git, commit, directory, env } = fixture;
  const first = await commit('First', { 'deploy.yml': 'one\n' });
  await git('tag', 'v1.0.0');
  const second = await commit('Second');
  await git('tag', '-a', '-m', 'Eleven', 'v1.1.0');
  await git('tag', 'v1.1.1');
  await git('switch', '--quiet', '-c', 'maintenance');
  const hotfix = await commit('Hotfix');
  await git('tag', 'v1.1.2');
  await git('switch', '--quiet', 'main');
  const third = await commit('Third: größer, 大', {
    'deploy.yml': 'three\n',
    'docs/guide.md': 'größer\n',
  });
  await git('tag', '-a', '-m', 'Twelve', 'v1.2.0');
  await git('tag', 'latest');
  await git('tag', 'vnext');
  const fourth = await commit('Fourth');
  await git('tag', 'v1.10.0-rc.1');
  const fifth = await commit('Fifth');
  await git('tag', '-a', '-m', 'No version', 'vlast');
  return {
    repository: gitRepository({ directory, env, tagPattern: 'v*', scheme: 'semver' }),
    commits: { first, second, third, fourth, fifth, hotfix },
    dispose: async () => fixture[Symbol.asyncDispose](),
  };
});

function tag(name: string, commit: string, minute: number, annotated = false) {
  return { name, commit, annotated, at: `2025-01-01T12:0${minute}:00.000Z` };
}

repositoryContract('memory', () => {
  const commits = {
    first: 'a1'.repeat(20),
    second: 'b2'.repeat(20),
    third: 'c3'.repeat(20),
    fourth: 'd4'.repeat(20),
    fifth: 'f6'.repeat(20),
    hotfix: 'e5'.repeat(20),
  };
  const { first, second, third, fourth, fifth, hotfix } = commits;
  const early = { 'deploy.yml': 'one\n' };
  const late = { 'deploy.yml': 'three\n', 'docs/guide.md': 'größer\n' };
  return Promise.resolve({
    repository: memoryRepository({
      tagPattern: 'v*',
      scheme: 'semver',
      branches: { main: fifth, maintenance: hotfix },
      commits: [
        { commit: first, parents: [], subject: 'First', files: early },
        { commit: second, parents: [first], subject: 'Second', files: early },
        { commit: hotfix, parents: [second], subject: 'Hotfix', files: early },
        { commit: third, parents: [second], subject: 'Third: größer, 大', files: late },
        { commit: fourth, parents: [third], subject: 'Fourth', files: late },
        { commit: fifth, parents: [fourth], subject: 'Fifth', files: late },
      ],
      tags: [
        tag('v1.0.0', first, 1),
        tag('v1.1.0', second, 2, true),
        tag('v1.1.1', second, 2),
        tag('v1.1.2', hotfix, 3),
        tag('v1.2.0', third, 4, true),
        tag('v1.10.0-rc.1', fourth, 5),
        tag('latest', third, 4),
        tag('vnext', third, 4),
        tag('vlast', fifth, 6, true),
      ],
    }),
    commits,
    dispose: () => Promise.resolve(),
  });
});
