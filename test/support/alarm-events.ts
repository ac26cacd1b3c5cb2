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

const stampOf = (at: number): string => new Date(at).toISOString().replace('Z', '+0000');
const arnOf = ({ name = 'shop-5xx', account = ACCOUNT, region = REGION }: Given): string =>
  `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;

/** The same alarm as EventBridge delivers it. */
export function routedEvent(given: Given = {}) {
  const { account = ACCOUNT, region = REGION, at = ALARM_AT } = given;
  const { alarmData } = alarmEvent(given);
  return {
    version: '0',
    id: '00000000-0000-4000-8000-000000000001',
    'detail-type': 'CloudWatch Alarm State Change',
    source: 'aws.cloudwatch',
    account,
    region,
    time: new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    resources: [arnOf(given)],
    detail: alarmData,
  };
}

/** One series of an alarm that watches several: it has no previous state, and no data. */
export function contributorEvent(given: Given & { contributor?: string } = {}) {
  const { name = 'shop-5xx', at = ALARM_AT, contributor = 'c0ffee0123456789' } = given;
  return {
    ...routedEvent(given),
    'detail-type': 'CloudWatch Alarm Contributor State Change',
    detail: {
      alarmName: name,
      alarmContributor: { id: contributor, attributes: { Table: 'orders' } },
      state: {
        value: 'ALARM',
        reason: 'Threshold Crossed: 1 datapoint was greater than the threshold (5.0).',
        timestamp: stampOf(at),
        ...given.state,
      },
      configuration: { metrics: [{ id: 'q1', expression: 'SELECT AVG(x) GROUP BY Table' }] },
      ...given.data,
    },
  };
}

/** Somebody set an alarm up anew. */
export function configurationEvent(given: Given = {}) {
  return {
    ...routedEvent(given),
    'detail-type': 'CloudWatch Alarm Configuration Change',
    detail: { alarmName: given.name ?? 'shop-5xx', operation: 'update', state: { value: 'ALARM' } },
  };
}

/** What a topic says of an alarm, before it is put into an envelope. */
export function topicMessage(given: Given & { message?: Record<string, unknown> } = {}) {
  const { name = 'shop-5xx', account = ACCOUNT, at = ALARM_AT } = given;
  return {
    AlarmName: name,
    AlarmDescription: null,
    AWSAccountId: account,
    AlarmArn: arnOf(given),
    NewStateValue: 'ALARM',
    NewStateReason: 'Threshold Crossed: 2 datapoints were greater than the threshold (5.0).',
    OldStateValue: 'OK',
    StateChangeTime: stampOf(at),
    // For people: nothing may be read from it.
    Region: 'EU (Ireland)',
    Trigger: { MetricName: 'Errors', Threshold: 5, TreatMissingData: 'missing' },
    ...given.message,
  };
}

const topicOf = ({ account = ACCOUNT, region = REGION }: Given): string =>
  `arn:aws:sns:${region}:${account}:alarms`;

function notification(message: unknown, given: Given) {
  const { at = ALARM_AT } = given;
  const Message = typeof message === 'string' ? message : JSON.stringify(message);
  return {
    Type: 'Notification',
    MessageId: 'm-1',
    TopicArn: topicOf(given),
    Subject: null,
    Message,
    Timestamp: new Date(at).toISOString(),
  };
}

/** A topic that calls a function. */
export function topicEvent(message: unknown = topicMessage(), given: Given = {}) {
  return {
    Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', Sns: notification(message, given) }],
  };
}

/** A queue that calls a function with these bodies. */
export function queueEvent(...bodies: unknown[]) {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `q-${index + 1}`,
      receiptHandle: 'r',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: '1' },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:alarms`,
      awsRegion: REGION,
    })),
  };
}

/** A topic that writes into a queue, with its envelope. */
export function queuedTopicEvent(message: unknown = topicMessage(), given: Given = {}) {
  return queueEvent(notification(message, given));
}

/** A finding of GuardDuty. */
export function findingEvent(given: Given & { detail?: Record<string, unknown> } = {}) {
  const { account = ACCOUNT, region = REGION, at = ALARM_AT } = given;
  return {
    version: '0',
    id: '00000000-0000-4000-8000-000000000002',
    'detail-type': 'GuardDuty Finding',
    source: 'aws.guardduty',
    account,
    region,
    time: new Date(at).toISOString(),
    resources: [],
    detail: {
      id: 'finding-1',
      accountId: account,
      region,
      type: 'UnauthorizedAccess:IAMUser/TorIPCaller',
      severity: 8,
      title: 'Calls come from an anonymising network.',
      updatedAt: new Date(at).toISOString(),
      service: { archived: false, additionalInfo: { type: 'default' } },
      ...given.detail,
    },
  };
}
