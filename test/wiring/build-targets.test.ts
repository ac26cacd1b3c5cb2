import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import type { Target } from '../../src/ports/target.ts';
import { buildTargets } from '../../src/wiring/build-targets.ts';
import { lambdaFixture, TEST_ACCOUNT, TEST_REGION } from '../support/aws-lambda.ts';
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

describe('A target on AWS', () => {
  beforeEach(requireAws, AWS_SETUP_MS);

  it('is found with the settings of backout.yml and the credentials of the surroundings', async () => {
    await using at = await lambdaFixture();
    const release = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
    await at.deployedBySomebodyElse(await at.publish(release));
    vi.stubEnv('AWS_ENDPOINT_URL', at.proxy.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const function_name = at.functionName.replace('shop-', '{service}-');
    const [target] = build(
      { api: { kind: 'lambda-alias', function_name } },
      { account: TEST_ACCOUNT, regions: [TEST_REGION] },
    );
    await target?.preflight(release);
    expect(await target?.current(new AbortController().signal)).toMatchObject(release);
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
