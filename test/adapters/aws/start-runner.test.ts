/** Starting the function that may change targets. The proxy answers as AWS does. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientSettings } from '../../../src/adapters/aws/clients.ts';
import { lambdaRunner } from '../../../src/adapters/aws/start-runner.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '../../support/aws-lambda.ts';
import { type AwsAnswer, type AwsProxy, startAwsProxy } from '../../support/aws-proxy.ts';

const REQUEST = {
  service: 'shop',
  environment: 'production',
  incident: '20250112-0300-alarm',
  to: 'v1.1.0',
  rule: 'critical-errors',
  reason: 'error rate 12 %',
  actor: 'on-alarm',
};

let proxy: AwsProxy;
let client: LambdaClient;

beforeEach(async () => {
  proxy = await startAwsProxy({ upstream: 'http://127.0.0.1:1' });
  const place = { region: TEST_REGION, credentials: TEST_CREDENTIALS, endpoint: proxy.url };
  client = new LambdaClient(clientSettings({ ...place, tries: 1 }));
});
afterEach(async () => {
  client.destroy();
  await proxy[Symbol.asyncDispose]();
});

const runner = () =>
  lambdaRunner({ client, address: 'backout-shop-production-runner:live', capMs: 500 });
const answerWith = (answer: AwsAnswer) => proxy.use(() => Promise.resolve(answer));

test('It is called by its alias, without waiting, with the request and nothing else.', async () => {
  answerWith({ status: 202, body: '' });
  await runner().start(REQUEST);
  const [call] = proxy.calls;
  expect(call?.operation).toContain('/functions/backout-shop-production-runner');
  expect(call?.headers).toMatchObject({ 'x-amz-invocation-type': 'Event' });
  expect(call?.input).toMatchObject(REQUEST);
  expect(String(call?.input['path'])).toContain('runner');
});

test.each<[string, AwsAnswer, string]>([
  ['refused', { status: 403, error: 'AccessDeniedException', body: 'no' }, 'failed'],
  ['not there', { status: 404, error: 'ResourceNotFoundException', body: 'none' }, 'failed'],
  ['too many', { status: 429, error: 'TooManyRequestsException', body: 'rate' }, 'failed'],
  ['broken', { status: 500, error: 'ServiceException', body: 'fault' }, 'uncertain'],
  ['dropped', 'drop', 'uncertain'],
  ['answering something else', { status: 200, body: '' }, 'uncertain'],
])('A start that is %s is never taken for one that worked.', async (_how, answer, kind) => {
  answerWith(answer);
  await expect(runner().start(REQUEST)).rejects.toMatchObject({ code: 'E_RUNNER', kind });
});

test('A start that is not answered ends in time, and nobody knows.', async () => {
  proxy.use(() => new Promise(() => undefined));
  const began = performance.now();
  await expect(runner().start(REQUEST)).rejects.toMatchObject({ kind: 'uncertain' });
  expect(performance.now() - began).toBeLessThan(3_000);
});
