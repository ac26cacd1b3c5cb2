import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import { buildHistory } from '../../src/wiring/build-history.ts';
import { answerLookups, SINCE, trailEvent } from '../support/aws-cloudtrail.ts';
import { TEST_REGION } from '../support/aws-lambda.ts';
import { type AwsProxy, startAwsProxy } from '../support/aws-proxy.ts';

let proxy: AwsProxy;
beforeAll(async () => {
  proxy = await startAwsProxy({ upstream: 'http://127.0.0.1:1' });
});
afterAll(() => proxy[Symbol.asyncDispose]());
afterEach(() => {
  vi.unstubAllEnvs();
});

function historyOf(targets: Record<string, unknown>) {
  const config = configSchema.parse({
    service: 'shop',
    environments: { production: { regions: [TEST_REGION] } },
    targets,
  });
  return buildHistory(selectEnvironment(config, 'production'), {});
}

const { signal } = new AbortController();

async function ask(target: string, targets: Record<string, unknown>) {
  vi.stubEnv('AWS_ENDPOINT_URL', proxy.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const question = { target, tag: 'v1.2.0', commit: 'b2'.repeat(20), since: SINCE };
  const [trail] = historyOf(targets);
  return (await trail?.changes(question, signal))?.map(({ at }) => at);
}

const FUNCTION = 'arn:aws:lambda:eu-central-1:123456789012:function:shop-api';

it('The trail of an alias has the moves of that alias of that function only.', async () => {
  proxy.use(
    answerLookups([
      trailEvent(1, { parameters: { functionName: FUNCTION, name: 'live' } }),
      trailEvent(2, { parameters: { functionName: FUNCTION, name: 'canary' } }),
      trailEvent(3, { parameters: { functionName: 'other', name: 'live' } }),
    ]),
  );
  const api = { kind: 'lambda-alias', function_name: '{service}-api', alias: 'live' };
  expect(await ask('api', { api })).toEqual(['2026-11-23T15:01:00.000Z']);
  expect(proxy.inputs('LookupEvents').at(-1)).toMatchObject({
    LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'UpdateAlias20150331' }],
  });
});

it('The trail of an ECS service has the changes of that service in that cluster only.', async () => {
  proxy.use(
    answerLookups([
      trailEvent(1, { parameters: { cluster: 'production', service: 'shop-api' } }),
      trailEvent(2, { parameters: { cluster: 'staging', service: 'shop-api' } }),
      trailEvent(3, { parameters: { service: 'shop-api' } }),
    ]),
  );
  const api = { kind: 'ecs', cluster: '{environment}', service: '{service}-{target}' };
  expect(await ask('api', { api })).toEqual(['2026-11-23T15:01:00.000Z']);
  expect(proxy.inputs('LookupEvents').at(-1)).toMatchObject({
    LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'UpdateService' }],
  });
});

it('Nothing is asked about what is not on AWS.', async () => {
  const web = { kind: 'command', deploy: ['./deploy'], current: ['./current'] };
  expect(historyOf({ web })).toEqual([]);
  const api = { kind: 'ecs', cluster: 'prod', service: 'shop' };
  const before = proxy.calls.length;
  expect(await ask('web', { web, api })).toEqual([]);
  expect(proxy.calls).toHaveLength(before);
});
