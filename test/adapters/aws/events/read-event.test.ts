import { describe, expect, test } from 'vitest';
import { readEvent } from '../../../../src/adapters/aws/events/read-event.ts';
import { unwrapEvent } from '../../../../src/adapters/aws/events/unwrap-event.ts';
import type { Alarm } from '../../../../src/model/alarm.ts';
import {
  ACCOUNT,
  ALARM_AT,
  alarmEvent,
  compositeEvent,
  configurationEvent,
  contributorEvent,
  findingEvent,
  queuedTopicEvent,
  queueEvent,
  REGION,
  routedEvent,
  topicEvent,
  topicMessage,
} from '../../../support/alarm-events.ts';

/** What the only parcel of an event is about. */
function readOnly(event: unknown) {
  const { parcels } = unwrapEvent(event);
  const [parcel] = parcels;
  if (parcel === undefined || parcels.length > 1) throw new Error(`${parcels.length} parcels`);
  return readEvent(parcel);
}

function alarmOf(event: unknown): Alarm {
  const read = readOnly(event);
  if (read.kind !== 'alarm') throw new Error(`It was read as ${read.kind}.`);
  return read.alarm;
}

const anomaly = {
  reason:
    'Thresholds Crossed: 2 out of the last 2 datapoints [9.0, 9.5] were greater than the upper thresholds [3.1, 3.2].',
  reasonData: JSON.stringify({
    version: '1.0',
    recentDatapoints: [9, 9.5],
    recentUpperThresholds: [3.1, 3.2],
  }),
};
const series = {
  reasonData: JSON.stringify({ version: '1.0', evaluatedDatapoints: [{ timestamp: 'x' }] }),
};

describe('The same alarm is read from every way it may come', () => {
  test.each<[string, unknown]>([
    ['called directly', alarmEvent()],
    ['a composite alarm after its wait', compositeEvent()],
    ['an alarm on an anomaly', alarmEvent({ state: anomaly })],
    ['an alarm on several series', alarmEvent({ state: series })],
    ['its very first state', alarmEvent({ state: { reasonData: undefined } })],
    ['routed by EventBridge', routedEvent()],
    ['routed, without a previous state', routedEvent({ data: { previousState: undefined } })],
    ['a contributor', contributorEvent()],
    ['a topic', topicEvent()],
    ['a queue behind a topic', queuedTopicEvent()],
    ['a queue behind a topic, without its envelope', queueEvent(topicMessage())],
    ['a queue behind EventBridge', queueEvent(routedEvent())],
    ['a queue with the event itself', queueEvent(alarmEvent())],
  ])('%s', (_way, event) => {
    expect(alarmOf(event)).toMatchObject({
      name: 'shop-5xx',
      arn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:shop-5xx`,
      accounts: [ACCOUNT],
      regions: [REGION],
      state: 'ALARM',
      at: ALARM_AT,
      noData: false,
      silenced: undefined,
      late: false,
      notes: [],
    });
  });
});

test('A contributor is told apart from the others of its alarm.', () => {
  expect(alarmOf(contributorEvent({ contributor: 'c1' })).contributor).toBe('c1');
  const nameless = { alarmContributor: { attributes: { Table: 'orders' } } };
  expect(alarmOf(contributorEvent({ data: nameless })).contributor).toBe('{"Table":"orders"}');
  expect(alarmOf(routedEvent()).contributor).toBeUndefined();
});

test.each<[string, unknown]>([
  ['suppressed', routedEvent({ state: { actionsSuppressedBy: 'WaitPeriod' } })],
  ['suppressed', alarmEvent({ state: { actionsSuppressedBy: 'Alarm' } })],
  ['muted', routedEvent({ data: { muteDetail: { mutedByArn: 'arn:x' } } })],
  ['muted', contributorEvent({ data: { muteDetail: { mutedByArn: 'arn:x' } } })],
])('Silence that somebody asked for is seen: %s.', (silenced, event) => {
  expect(alarmOf(event).silenced).toBe(silenced);
});

const NO_DATA =
  'Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].';

test.each<[string, unknown]>([
  ['a topic', topicEvent(topicMessage({ message: { NewStateReason: NO_DATA } }))],
  ['EventBridge', routedEvent({ state: { reason: NO_DATA, reasonData: undefined } })],
  ['a direct call', alarmEvent({ state: { reasonData: '{"recentDatapoints":[]}' } })],
])('An alarm because there was no data is told apart: %s.', (_way, event) => {
  expect(alarmOf(event).noData).toBe(true);
});

describe('A message of a topic', () => {
  test('that has no ARN is placed by its account, and by the region of its topic', () => {
    const alarm = alarmOf(topicEvent(topicMessage({ message: { AlarmArn: undefined } })));
    expect(alarm).toMatchObject({
      arn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:shop-5xx`,
      accounts: [ACCOUNT],
      regions: [REGION],
      notes: [expect.stringContaining('no ARN')],
    });
  });

  test('of a composite alarm has no trigger, and needs none', () => {
    const message = { Trigger: undefined, AlarmRule: 'ALARM(x)', TriggeringChildren: [{}] };
    expect(alarmOf(topicEvent(topicMessage({ message }))).state).toBe('ALARM');
  });

  test('whose account is another one than that of its ARN names both', () => {
    const alarm = alarmOf(topicEvent(topicMessage({ message: { AWSAccountId: '999999999999' } })));
    expect(alarm.accounts).toEqual([ACCOUNT, '999999999999']);
  });

  test('that was kept back by a mute window says so', () => {
    const message = { ActionExecutedAfterMuteWindow: true };
    expect(alarmOf(topicEvent(topicMessage({ message }))).late).toBe(true);
  });

  test.each([null, 'alarm', 'ALARM ', 7, ['ALARM'], undefined])(
    'with the state %j is not the exact word, or no alarm',
    (NewStateValue) => {
      const read = readOnly(topicEvent(topicMessage({ message: { NewStateValue } })));
      const state = read.kind === 'alarm' ? read.alarm.state : 'none';
      expect(state).not.toBe('ALARM');
    },
  );

  test('whose time is unreadable takes that of the topic', () => {
    const message = { StateChangeTime: undefined };
    expect(alarmOf(topicEvent(topicMessage({ message }))).at).toBe(ALARM_AT);
  });
});

test('A name that the ARN does not have is noted, and the ARN counts.', () => {
  const alarm = alarmOf(alarmEvent({ data: { alarmName: 'other' } }));
  expect(alarm.name).toBe('shop-5xx');
  expect(alarm.notes).toEqual([expect.stringContaining('other')]);
});

test('A change of an alarm’s set-up is no change of its state.', () => {
  expect(readOnly(configurationEvent())).toEqual({ kind: 'configuration', name: 'shop-5xx' });
});

test('A finding is read with its severity and what became of it.', () => {
  expect(readOnly(findingEvent())).toMatchObject({
    kind: 'finding',
    finding: {
      type: 'UnauthorizedAccess:IAMUser/TorIPCaller',
      severity: 8,
      accounts: [ACCOUNT],
      regions: [REGION],
      at: ALARM_AT,
      archived: false,
      sample: false,
    },
  });
  const sample = { service: { archived: true, additionalInfo: { sample: true } } };
  expect(readOnly(findingEvent({ detail: sample }))).toMatchObject({
    finding: { archived: true, sample: true },
  });
});

test.each<[string, unknown]>([
  ['a message that is no alarm', queuedTopicEvent({ message: 'hello world' })],
  ['a text', topicEvent('You have chosen to subscribe to the topic.')],
  ['an empty body', queueEvent('')],
  ['half a document', queueEvent('{"AlarmName":"shop-5xx","NewState')],
  ['a record of another service', { Records: [{ eventSource: 'aws:s3' }] }],
  ['a finding without a severity', findingEvent({ detail: { severity: undefined } })],
  ['another detail type', { ...routedEvent(), 'detail-type': 'CloudWatch Something Else' }],
  ['another source', { ...routedEvent(), source: 'aws.monitoring.evil' }],
  ['no resource', { ...routedEvent(), resources: [] }],
])('%s is nothing that acts, and is shown.', (_what, event) => {
  const read = readOnly(event);
  expect(read.kind).toBe('other');
});

test('A queue may bring several, and says which is which.', () => {
  const { queue, parcels } = unwrapEvent(queueEvent(alarmEvent(), 'x', topicMessage()));
  expect(queue).toBe(true);
  expect(parcels.map(({ messageId }) => messageId)).toEqual(['q-1', 'q-2', 'q-3']);
  expect(parcels.map((parcel) => readEvent(parcel).kind)).toEqual(['alarm', 'other', 'alarm']);
});
