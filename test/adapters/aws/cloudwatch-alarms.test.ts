import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientSettings } from '../../../src/adapters/aws/clients.ts';
import { cloudwatchAlarms } from '../../../src/adapters/aws/cloudwatch-alarms.ts';
import { BackoutError } from '../../../src/model/error.ts';
import type { Alarms } from '../../../src/ports/alarms.ts';
import { answerHistory, historyItem } from '../../support/aws-cloudwatch.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '../../support/aws-lambda.ts';
import { type AwsProxy, hold, refuse, startAwsProxy, throttle } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, awsUrl, loadServices, requireAws } from '../../support/aws-server.ts';

const ARN = `arn:aws:cloudwatch:${TEST_REGION}:123456789012:alarm:shop-5xx`;
const NOW = Date.parse('2026-11-25T03:00:00Z');
const MIN = 60_000;

let proxy: AwsProxy;
let client: CloudWatchClient;
let alarms: Alarms;

beforeEach(requireAws, AWS_SETUP_MS);
beforeEach(async () => {
  await loadServices('cloudwatch');
  proxy = await startAwsProxy({ upstream: awsUrl() });
  client = new CloudWatchClient(
    clientSettings({ region: TEST_REGION, credentials: TEST_CREDENTIALS, endpoint: proxy.url }),
  );
  alarms = cloudwatchAlarms(client);
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName: 'shop-5xx',
      MetricName: 'Errors',
      Namespace: 'Shop',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 2,
      Threshold: 5,
      ComparisonOperator: 'GreaterThanThreshold',
    }),
  );
}, 60_000);
afterEach(async () => {
  client.destroy();
  await proxy[Symbol.asyncDispose]();
});

test.each(['ALARM', 'OK', 'INSUFFICIENT_DATA'] as const)(
  'An alarm in %s is read so.',
  async (state) => {
    await client.send(
      new SetAlarmStateCommand({ AlarmName: 'shop-5xx', StateValue: state, StateReason: 'a test' }),
    );
    expect(await alarms.read(ARN)).toMatchObject({ state });
  },
);

test('An alarm that is not there is none, and not a green one.', async () => {
  expect(await alarms.read(`${ARN}-gone`)).toBeUndefined();
});

test('A composite alarm is found too.', async () => {
  const composite = { AlarmName: 'all', StateValue: 'ALARM', StateUpdatedTimestamp: NOW / 1000 };
  proxy.use(async ({ operation }, next) =>
    operation === 'DescribeAlarms'
      ? { status: 200, body: { MetricAlarms: [], CompositeAlarms: [composite] } }
      : await next(),
  );
  expect(await alarms.read(ARN)).toEqual({ state: 'ALARM', since: NOW });
  expect(proxy.inputs('DescribeAlarms')).toMatchObject([
    { AlarmNames: ['shop-5xx'], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] },
  ]);
});

test('Its changes are read over all pages, oldest first, and what is unreadable hides none.', async () => {
  proxy.use(
    answerHistory(
      [historyItem(NOW, 'OK', 'ALARM'), historyItem(NOW - MIN, 'ALARM', 'OK')],
      [
        { ...historyItem(NOW - 2 * MIN, 'x', 'y'), HistoryData: 'no JSON' },
        historyItem(NOW - 5 * MIN, 'INSUFFICIENT_DATA', 'ALARM'),
        historyItem(NOW - 60 * MIN, 'OK', 'ALARM'),
      ],
    ),
  );
  expect(await alarms.changes(ARN, NOW - 30 * MIN)).toEqual([
    { at: NOW - 5 * MIN, from: 'INSUFFICIENT_DATA', to: 'ALARM' },
    { at: NOW - MIN, from: 'ALARM', to: 'OK' },
    { at: NOW, from: 'OK', to: 'ALARM' },
  ]);
  expect(proxy.inputs('DescribeAlarmHistory')).toMatchObject([
    { AlarmName: 'shop-5xx', HistoryItemType: 'StateUpdate', StartDate: NOW / 1000 - 1800 },
    { NextToken: '1' },
  ]);
});

describe('What cannot be read is never taken for a state', () => {
  test.each([
    ['refused', refuse('DescribeAlarms', 403, 'AccessDenied')],
    ['broken', refuse('DescribeAlarms', 500, 'InternalServiceFault')],
    ['too busy', throttle('DescribeAlarms', 99)],
    ['silent', hold('DescribeAlarms')],
  ])('%s', async (_how, behaviour) => {
    proxy.use(behaviour);
    const began = performance.now();
    const error: unknown = await alarms.read(ARN).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BackoutError);
    expect(error).toMatchObject({ code: 'E_ALARMS_UNREACHABLE', retryable: true });
    // 2 s, and what a busy machine adds.
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  test('and neither is a history', async () => {
    proxy.use(refuse('DescribeAlarmHistory', 403, 'AccessDenied'));
    await expect(alarms.changes(ARN, NOW)).rejects.toMatchObject({ code: 'E_ALARMS_UNREACHABLE' });
  });
});
