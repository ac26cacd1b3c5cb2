/** Events as CloudWatch sends them to a function, written by hand after their documented shape. */

export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';
export const ALARM_AT = Date.parse('2026-03-02T03:00:00.431Z');

interface Given {
  name?: string;
  account?: string;
  region?: string;
  /** What stands beside the ARN; the same as in the ARN when left out. */
  accountId?: unknown;
  at?: number;
  /** Replaces or adds fields of alarmData.state. */
  state?: Record<string, unknown>;
  /** Adds fields to alarmData. */
  data?: Record<string, unknown>;
}

/** An alarm of one metric (or metric math: the same shape) that has just gone off. */
export function alarmEvent(given: Given = {}) {
  const { name = 'shop-5xx', account = ACCOUNT, region = REGION, at = ALARM_AT } = given;
  // The offset has no colon, as in real events.
  const stamp = new Date(at).toISOString().replace('Z', '+0000');
  return {
    source: 'aws.cloudwatch',
    alarmArn: `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`,
    accountId: 'accountId' in given ? given.accountId : account,
    time: stamp,
    region,
    alarmData: {
      alarmName: name,
      state: {
        value: 'ALARM',
        reason: 'Threshold Crossed: 2 datapoints were greater than the threshold (5.0).',
        reasonData: JSON.stringify({ version: '1.0', recentDatapoints: [21, 22], threshold: 5 }),
        timestamp: stamp,
        ...given.state,
      },
      previousState: { value: 'OK', reason: 'No datapoint was above.', timestamp: stamp },
      configuration: {
        metrics: [{ id: 'e1', expression: 'm1/m2', label: 'Failed share', returnData: true }],
      },
      ...given.data,
    },
  };
}

/** A composite alarm whose actions waited: it comes from ALARM, and names its children. */
export function compositeEvent(given: Given = {}) {
  const event = alarmEvent({
    ...given,
    state: {
      reasonData: JSON.stringify({
        triggeringAlarms: [{ arn: 'arn:x', state: { value: 'ALARM' } }],
      }),
      ...given.state,
    },
  });
  const { state } = event.alarmData;
  const previousState = { ...state, actionsSuppressedBy: 'WaitPeriod' };
  return { ...event, alarmData: { ...event.alarmData, previousState } };
}
