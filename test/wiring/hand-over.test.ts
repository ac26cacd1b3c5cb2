/** From what backout.yml says to a run on GitHub. */
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import { makeHandOver } from '../../src/wiring/hand-over.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { FILE, gitHubFixture, TOKEN } from '../support/github-fixture.ts';
import { REPOSITORY } from '../support/github-server.ts';
import { memorySteps } from '../support/memory-steps.ts';

const SCOPE = { service: 'shop', environment: 'production' };
const START = {
  ...SCOPE,
  incident: '20250112-0300-alarm',
  decision: 'act' as const,
  rule: 'critical-errors',
  reason: 'error rate 12 %',
  actor: 'on-alarm',
  at: '2025-01-12T03:00:00.000Z',
  level: 'application' as const,
};
const WORKFLOW = `
name: Rollback
run-name: Rollback \${{ inputs.level }} \${{ inputs.incident }}
on:
  workflow_dispatch:
    inputs: { level: {}, environment: {}, incident: {}, version: {}, reason: {} }
jobs: {}
`;

function configured(github: object, repository: string | undefined = REPOSITORY) {
  const config = configSchema.parse({
    service: 'shop',
    environments: { production: { state: { kind: 'embedded' }, github } },
    repository: repository === '' ? {} : { github: repository },
  });
  return selectEnvironment(config, 'production');
}

async function hand(config: ReturnType<typeof configured>, variables: Record<string, string>) {
  const steps = memorySteps(fakeClock());
  // Waits take no time here; only GitHub is real.
  const quick = { ...steps, sleep: () => Promise.resolve() };
  return await makeHandOver(config, SCOPE, variables)(quick, START, 'v1.1.0');
}

describe('Level application is handed', () => {
  test('to the workflow that backout.yml names, with the token that it names', async () => {
    await using at = await gitHubFixture();
    await at.publish({ tag: 'v1.2.0', commit: 'b2'.repeat(20) }, WORKFLOW);
    at.actions.environment = undefined;
    const variables = { GITHUB_API_URL: at.server.url, DISPATCH_TOKEN: TOKEN };
    const config = configured({ workflow: FILE, token: 'env:DISPATCH_TOKEN' });
    expect(await hand(config, variables)).toMatchObject({ by: 'github', outcome: 'running' });
    expect(at.server.of('POST dispatches')).toMatchObject([
      { body: { inputs: { version: 'v1.1.0', incident: START.incident } } },
    ]);
  });

  test('to nobody where a secret of the App is missing and no function is there, and it is said', async () => {
    const config = configured({ app_id: 'env:APP', private_key: 'env:APP_KEY' });
    expect(await hand(config, {})).toMatchObject({
      by: 'nobody',
      outcome: 'failed',
      problems: [expect.stringContaining('E_SECRET_MISSING'), expect.stringContaining('function')],
      command: `backout rollback application --incident ${START.incident}`,
    });
  });

  test('to nobody, without a word about GitHub, where no repository is named', async () => {
    const handed = await hand(configured({}, ''), { GITHUB_TOKEN: 'x' });
    expect(handed).toMatchObject({ by: 'nobody', outcome: 'failed' });
    expect(handed.problems).toHaveLength(1);
  });
});
