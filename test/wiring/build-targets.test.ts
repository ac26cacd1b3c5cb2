import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import type { Target } from '../../src/ports/target.ts';
import { buildTargets } from '../../src/wiring/build-targets.ts';
import { lambdaFixture, surroundings, TEST_ACCOUNT, TEST_REGION } from '../support/aws-lambda.ts';
import { ecsFixture } from '../support/aws-ecs.ts';
import { fleetFixture } from '../support/aws-ssm.ts';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** What `buildTargets` makes of `targets` and the settings of the environment `production`. */
function build(
  targets: Record<string, unknown>,
  environment: Record<string, unknown> = {},
  variables: Record<string, string> = {},
): Target[] {
  const config = configSchema.parse({
    service: 'shop',
    environments: { production: environment },
    targets,
  });
  return buildTargets(selectEnvironment(config, 'production'), {
    variables,
    baseDirectory: '/nowhere',
    stateDirectory: '/nowhere',
    onOutput: () => undefined,
  });
}

/** What an SDK finds around it. */
function surround(endpoint: string): void {
  for (const [name, value] of Object.entries(surroundings(endpoint))) vi.stubEnv(name, value);
}

describe('A target on AWS', () => {
  beforeEach(requireAws, AWS_SETUP_MS);

  it('is found with the settings of backout.yml and the credentials of the surroundings', async () => {
    await using at = await lambdaFixture();
    const release = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
    await at.deployedBySomebodyElse(await at.publish(release));
    surround(at.proxy.url);
    const function_name = at.functionName.replace('shop-', '{service}-');
    const [target] = build(
      { api: { kind: 'lambda-alias', function_name } },
      { account: TEST_ACCOUNT, regions: [TEST_REGION] },
    );
    await target?.preflight(release);
    expect(await target?.current(new AbortController().signal)).toMatchObject(release);
  });

  it('of kind ecs likewise, wherever a place is named', async () => {
    await using at = await ecsFixture();
    const release = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
    at.rollouts.settle(await at.publish(release), 4);
    surround(at.proxy.url);
    const service = at.service.replace('shop-', '{service}-');
    const [target] = build(
      { api: { kind: 'ecs', cluster: service, service } },
      { account: TEST_ACCOUNT, regions: [TEST_REGION] },
    );
    await target?.preflight(release);
    expect(await target?.current(new AbortController().signal)).toMatchObject(release);
  });

  it('of kind ssm-command gets time to ask its machines, and asks them', async () => {
    await using at = await fleetFixture(2);
    const release = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
    for (const machine of at.machines) await at.put(machine, release);
    surround(at.proxy.url);
    const [target] = build(
      {
        api: {
          kind: 'ssm-command',
          instances: { Role: '{target}' },
          deploy: ['deploy', '--to', '{tag}', '{commit}'],
          current: ['current'],
          batch: '50%',
          read_timeout: '15s',
        },
      },
      { regions: [TEST_REGION] },
    );
    expect(target?.readMs).toBe(15_000);
    expect(await target?.current(new AbortController().signal)).toMatchObject(release);
    expect(at.proxy.inputs('DescribeInstanceInformation')[0]).toMatchObject({
      Filters: [{ Key: 'tag:Role', Values: ['api'] }],
    });
  });

  it('takes its region from itself, an ARN, the environment or AWS_REGION, or is refused', () => {
    const api = { kind: 'lambda-alias', function_name: 'shop-api' };
    const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:shop-api';
    expect(() => build({ api })).toThrow(expect.objectContaining({ code: 'E_REGION' }));
    expect(build({ api: { ...api, region: 'eu-west-1' } })).toHaveLength(1);
    expect(build({ api: { ...api, function_name: arn } })).toHaveLength(1);
    expect(build({ api }, { regions: ['eu-west-1'] })).toHaveLength(1);
    expect(build({ api }, {}, { AWS_REGION: 'eu-west-1' })).toHaveLength(1);
  });
});
