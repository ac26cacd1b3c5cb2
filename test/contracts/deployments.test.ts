import { gitHubDeployments } from '../../src/adapters/github/deployments.ts';
import { memoryDeployments } from '../../src/adapters/memory/deployments.ts';
import { gitHubFixture } from '../support/github-fixture.ts';
import { REPOSITORY } from '../support/github-server.ts';
import { COMMITS, deploymentsContract } from './deployments.contract.ts';

deploymentsContract('memory', (arranged) => {
  const all = arranged.map((one, at) => {
    const commit = one.ref === 'v1.1.0' ? COMMITS['v1.1.0'] : COMMITS['v1.2.0'];
    return { ...one, id: String(at), commit, url: undefined };
  });
  return Promise.resolve({
    deployments: memoryDeployments(all),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

/** How GitHub's API calls what we call so. */
const STATES = {
  waiting: 'queued',
  running: 'in_progress',
  succeeded: 'success',
  failed: 'failure',
  inactive: 'inactive',
  unknown: 'nonsense',
};

deploymentsContract('GitHub', async (arranged) => {
  const fixture = await gitHubFixture();
  const { actions } = fixture;
  for (const [tag, commit] of Object.entries(COMMITS)) actions.refs.set(tag, commit);
  for (const { ref, state, by, createdAt: at } of arranged) {
    const environment = 'production';
    actions.deployed({ environment, ref, state: STATES[state], creator: by, at });
  }
  // Of another environment: must not be seen.
  actions.deployed({ environment: 'staging', ref: 'v1.2.0', state: 'success' });
  return {
    deployments: gitHubDeployments({
      github: fixture.github,
      repository: REPOSITORY,
      environment: 'production',
    }),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
});
