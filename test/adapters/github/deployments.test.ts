import { expect, it } from 'vitest';
import { gitHubDeployments } from '../../../src/adapters/github/deployments.ts';
import { failureOf } from '../../support/failure.ts';
import { dropBefore, refuseNext, tooFast } from '../../support/github-faults.ts';
import { gitHubFixture, type GitHubFixture, TOKEN } from '../../support/github-fixture.ts';
import { REPOSITORY } from '../../support/github-server.ts';

const { signal } = new AbortController();

/** Two deployments to production, the newer one under way. */
async function deployed() {
  const at = await gitHubFixture();
  at.actions.refs.set('v1.1.0', 'a1'.repeat(20)).set('refs/tags/v1.2.0', 'b2'.repeat(20));
  at.actions.deployed({ environment: 'production', ref: 'v1.1.0', state: 'success' });
  const newest = { environment: 'production', ref: 'refs/tags/v1.2.0', state: 'in_progress' };
  return { at, last: at.actions.deployed(newest) };
}

function source({ github }: GitHubFixture) {
  return gitHubDeployments({ github, repository: REPOSITORY, environment: 'production' });
}

it('A ref in its long form is the same tag.', async () => {
  const { at } = await deployed();
  await using _ = at;
  expect(await source(at).newest(1, signal)).toMatchObject([{ ref: 'v1.2.0', state: 'running' }]);
});

it('A deployment that nobody said anything about yet waits.', async () => {
  const { at, last } = await deployed();
  await using _ = at;
  last.statuses.length = 0;
  expect(await source(at).newest(1, signal)).toMatchObject([{ state: 'waiting', url: undefined }]);
});

it('A word that GitHub did not have before is no success.', async () => {
  const { at, last } = await deployed();
  await using _ = at;
  last.statuses.push({ state: 'sparkling', log_url: '', at: last.at });
  expect(await source(at).newest(1, signal)).toMatchObject([{ state: 'unknown' }]);
});

it('The page of the run is where people look.', async () => {
  const { at, last } = await deployed();
  await using _ = at;
  const log_url = 'https://github.example/acme/shop/actions/runs/7/job/1';
  last.statuses.push({ state: 'success', log_url, at: last.at });
  expect(await source(at).newest(1, signal)).toMatchObject([{ url: log_url }]);
});

it('Refusals for coming too fast, and answers that get lost, are tried again.', async () => {
  const { at } = await deployed();
  await using _ = at;
  at.server.use(refuseNext('GET deployments', 1, tooFast(0, 429)));
  at.server.use(dropBefore('GET statuses', 1));
  expect(await source(at).newest(5, signal)).toHaveLength(2);
});

it('Tries are bounded.', async () => {
  const { at } = await deployed();
  await using _ = at;
  at.server.use(refuseNext('GET deployments', 99, { status: 502, message: 'Bad Gateway' }));
  const error = await failureOf(source(at).newest(5, signal));
  expect(error).toMatchObject({ code: 'E_DEPLOYMENTS', retryable: true });
  expect(at.server.of('GET deployments')).toHaveLength(3);
});

it('A missing permission is named, and asking again would not help.', async () => {
  const { at } = await deployed();
  await using _ = at;
  const caller = at.actions.callers.get(TOKEN);
  if (caller !== undefined) delete caller.permissions['deployments'];
  const error = await failureOf(source(at).newest(5, signal));
  expect(error).toMatchObject({ code: 'E_DEPLOYMENTS', retryable: false });
  expect(error.remedy).toContain('deployments: read');
  expect(at.server.of('GET deployments')).toHaveLength(1);
});

it('No token stands in an error.', async () => {
  const { at } = await deployed();
  await using _ = at;
  at.actions.callers.clear();
  const error = await failureOf(source(at).newest(5, signal));
  expect(error.message).toContain('Bad credentials');
  const { cause } = error;
  expect(JSON.stringify([error, cause, cause instanceof Error ? cause.stack : ''])).not.toContain(
    TOKEN,
  );
});
