/** Who changed a target, as CloudTrail has it. The API server has no events: the proxy answers. */

import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  changesInTrail,
  isSameResource,
  type TrailedTarget,
} from '../../../src/adapters/aws/cloudtrail.ts';
import { clientSettings } from '../../../src/adapters/aws/clients.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '../../support/aws-lambda.ts';
import { answerLookups, SINCE, trailEvent } from '../../support/aws-cloudtrail.ts';
import { type AwsProxy, startAwsProxy } from '../../support/aws-proxy.ts';

const { signal } = new AbortController();

let proxy: AwsProxy;
let target: TrailedTarget;

beforeEach(async () => {
  // Nobody stands behind it: what it does not answer itself fails.
  proxy = await startAwsProxy({ upstream: 'http://127.0.0.1:1' });
  const place = { region: TEST_REGION, credentials: TEST_CREDENTIALS, endpoint: proxy.url };
  target = {
    client: new CloudTrailClient(clientSettings(place)),
    event: 'UpdateService',
    isIt: ({ service }) => isSameResource(service, 'shop'),
  };
});
afterEach(async () => {
  target.client.destroy();
  await proxy[Symbol.asyncDispose]();
});

test('Identity, address and program of a change are told, and nothing but its kind is asked for.', async () => {
  proxy.use(answerLookups([trailEvent(60)]));
  const [change, ...more] = await changesInTrail(target, { since: SINCE }, signal);
  expect(more).toEqual([]);
  expect(change).toMatchObject({
    at: '2026-11-23T16:00:00.000Z',
    by: 'arn:aws:sts::123456789012:assumed-role/chef/node-7',
  });
  // A program's name may be very long; its beginning says which it is.
  expect(change?.how).toMatch(
    /^UpdateService from 203\.0\.113\.9 with aws-sdk-ruby3\/3\.2 x{40,60}$/,
  );
  expect(proxy.calls.map(({ operation }) => operation)).toEqual(['LookupEvents']);
  expect(proxy.inputs('LookupEvents')).toEqual([
    {
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'UpdateService' }],
      StartTime: Date.parse(SINCE) / 1000,
      MaxResults: 50,
    },
  ]);
});

test('What AWS refused, what was about something else, and what cannot be read is left out.', async () => {
  proxy.use(
    answerLookups([
      trailEvent(1, { errorCode: 'AccessDenied' }),
      trailEvent(2, { parameters: { service: 'other' } }),
      trailEvent(3, { text: 'not JSON' }),
      trailEvent(4, { text: '{"eventName":7}' }),
      trailEvent(5, {
        parameters: { service: 'arn:aws:ecs:eu-central-1:123456789012:service/prod/shop' },
      }),
    ]),
  );
  const found = await changesInTrail(target, { since: SINCE }, signal);
  expect(found.map(({ at }) => at)).toEqual(['2026-11-23T15:05:00.000Z']);
});

test('A change of AWS itself, or of somebody without an ARN, is told with what there is.', async () => {
  const identities = [{ invokedBy: 'autoscaling.amazonaws.com' }, { userName: 'root' }, {}];
  proxy.use(answerLookups(identities.map((userIdentity, at) => trailEvent(at, { userIdentity }))));
  const found = await changesInTrail(target, { since: SINCE }, signal);
  expect(found.map(({ by }) => by)).toEqual(['autoscaling.amazonaws.com', 'root', undefined]);
});

test('Further pages are read until there are five changes, and four pages at most.', async () => {
  const other = Array.from({ length: 3 }, (_, at) =>
    trailEvent(at, { parameters: { service: 'other' } }),
  );
  proxy.use(answerLookups(other, [trailEvent(1)], other, [trailEvent(2)], [trailEvent(3)]));
  expect(await changesInTrail(target, { since: SINCE }, signal)).toHaveLength(2);
  expect(proxy.inputs('LookupEvents').map(({ NextToken }) => NextToken)).toEqual([
    undefined,
    '1',
    '2',
    '3',
  ]);
  proxy.calls.length = 0;
  proxy.use(
    answerLookups(
      Array.from({ length: 9 }, (_, at) => trailEvent(at)),
      [trailEvent(10)],
    ),
  );
  expect(await changesInTrail(target, { since: SINCE }, signal)).toHaveLength(5);
  expect(proxy.calls).toHaveLength(1);
});

test('A trail that may not be asked says so.', async () => {
  proxy.use(() =>
    Promise.resolve({
      status: 400,
      error: 'AccessDeniedException',
      body: 'not authorized to perform: cloudtrail:LookupEvents',
    }),
  );
  const failure: unknown = await changesInTrail(target, { since: SINCE }, signal).catch(
    (error: unknown) => error,
  );
  expect(String(failure)).toContain('cloudtrail:LookupEvents');
});

test.each([
  ['shop', 'shop', true],
  ['arn:aws:lambda:eu-central-1:123456789012:function:shop', 'shop', true],
  ['shop', 'arn:aws:ecs:eu-central-1:123456789012:cluster/shop', true],
  ['shop-2', 'shop', false],
  [undefined, 'shop', false],
])('%j and %j are the same: %j.', (given, name, expected) => {
  expect(isSameResource(given, name)).toBe(expected);
});
