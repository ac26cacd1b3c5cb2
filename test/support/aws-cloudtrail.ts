/** Events as CloudTrail has them; the API server (moto) knows no LookupEvents. */

import type { Behaviour } from './aws-proxy.ts';

export const SINCE = '2026-11-23T15:00:00.000Z';

interface Told {
  parameters?: object;
  errorCode?: string;
  userIdentity?: object;
  text?: string;
}

/** An event at this minute after three, as LookupEvents gives it. */
export function trailEvent(minute: number, { parameters, text, ...more }: Told = {}): object {
  const at = Date.parse(SINCE) / 1000 + minute * 60;
  const told = {
    eventVersion: '1.08',
    userIdentity: {
      type: 'AssumedRole',
      arn: 'arn:aws:sts::123456789012:assumed-role/chef/node-7',
      accountId: '123456789012',
    },
    eventTime: new Date(at * 1000).toISOString(),
    eventSource: 'ecs.amazonaws.com',
    eventName: 'UpdateService',
    sourceIPAddress: '203.0.113.9',
    userAgent: `aws-sdk-ruby3/3.2 ${'x'.repeat(300)}`,
    requestParameters: parameters ?? {
      cluster: 'prod',
      service: 'shop',
      taskDefinition: 'shop:12',
    },
    ...more,
  };
  return {
    EventId: `event-${minute}`,
    EventName: 'UpdateService',
    EventTime: at,
    CloudTrailEvent: text ?? JSON.stringify(told),
  };
}

/** Pages of events; what is asked for after the last page is nothing. */
export const answerLookups =
  (...pages: object[][]): Behaviour =>
  async ({ operation, input }, next) => {
    if (operation !== 'LookupEvents') return await next();
    const number = Number(input['NextToken'] ?? 0);
    const more = number + 1 < pages.length ? { NextToken: String(number + 1) } : {};
    return { status: 200, body: { Events: pages[number] ?? [], ...more } };
  };
