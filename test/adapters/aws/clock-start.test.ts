/** Starting the durable function of an incident. moto knows no durable functions: the proxy answers. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientSettings } from '../../../src/adapters/aws/clients.ts';
import { lambdaClock } from '../../../src/adapters/aws/clock-start.ts';
import type { ClockStart } from '../../../src/model/clock-start.ts';
import { readClockStart } from '../../../src/model/clock-start-input.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '../../support/aws-lambda.ts';
import { type AwsAnswer, type AwsProxy, startAwsProxy } from '../../support/aws-proxy.ts';

const START: ClockStart = {
  incident: '20261125-0300-alarm',
  service: 'shop',
  environment: 'production',
  decision: 'act',
  rule: 'critical-errors',
  reason: 'error rate 21 %',
  actor: 'alarm shop-5xx',
  at: '2026-11-25T03:00:00.000Z',
  level: 'application',
  held_at_flags: 'It comes and goes.',
  alarm: { name: 'shop-5xx', arn: 'arn:x', stamp: 'x', contributor: 'c1' },
};
const SCOPE = { service: 'shop', environment: 'production' };

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

const clock = () => lambdaClock({ client, address: 'backout-shop-production-incident-clock:live' });
const answerWith = (answer: AwsAnswer) => proxy.use(() => Promise.resolve(answer));

test('It is called by its alias, without waiting, and named after the incident.', async () => {
  answerWith({ status: 202, body: '' });
  expect(await clock().start(START)).toEqual({ started: true });
  const [call] = proxy.calls;
  expect(call?.operation).toContain('/functions/backout-shop-production-incident-clock');
  expect(call?.headers).toMatchObject({
    'x-amz-invocation-type': 'Event',
    'x-amz-durable-execution-name': START.incident,
  });
  const { path: _, ...sent } = call?.input ?? {};
  const { Qualifier: __, ...payload } = sent;
  expect(readClockStart(payload, SCOPE)).toEqual({ start: START });
});

test('One that runs already, or has run, is not started again.', async () => {
  const error = 'DurableExecutionAlreadyStartedException';
  answerWith({ status: 409, error, body: 'started' });
  expect(await clock().start(START)).toEqual({ started: false });
});

describe('One that is not known to run is said so, within its second', () => {
  test.each<[string, AwsAnswer]>([
    ['refused', { status: 403, error: 'AccessDeniedException', body: 'no' }],
    ['too many', { status: 429, error: 'TooManyRequestsException', body: 'rate' }],
    ['missing', { status: 404, error: 'ResourceNotFoundException', body: 'none' }],
    ['broken', { status: 500, error: 'ServiceException', body: 'fault' }],
    ['dropped', 'drop'],
  ])('%s', async (_how, answer) => {
    answerWith(answer);
    await expect(clock().start(START)).rejects.toMatchObject({
      code: 'E_CLOCK',
      kind: 'uncertain',
    });
  });

  test('silent', async () => {
    proxy.use(() => new Promise(() => undefined));
    const began = performance.now();
    await expect(clock().start(START)).rejects.toMatchObject({ code: 'E_CLOCK' });
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe('Nothing but a start of ours starts a clock', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'start'],
    ['another service', { ...START, service: 'other' }],
    ['another environment', { ...START, environment: 'staging' }],
    ['a name that is none', { ...START, incident: '../x' }],
    ['another decision', { ...START, decision: 'lift' }],
    ['level database', { ...START, level: 'database' }],
    ['no reason', { ...START, reason: undefined }],
    ['another time', { ...START, at: 'yesterday' }],
    ['half an alarm', { ...START, alarm: { name: 'x' } }],
    ['an alarm that is none', { ...START, alarm: 'x' }],
    ['a hold that is none', { ...START, held_at_flags: 7 }],
  ])('%s', (_what, given) => {
    expect(readClockStart(given, SCOPE)).toHaveProperty('problem');
  });

  test('and what else is in it is left behind', () => {
    expect(readClockStart({ ...START, token: 'x' }, SCOPE)).toEqual({ start: START });
  });
});
