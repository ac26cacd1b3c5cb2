import { describe, expect, test } from 'vitest';
import { readEvent } from '../../../../src/adapters/aws/events/read-event.ts';
import {
  ACCOUNT,
  ALARM_AT,
  alarmEvent,
  compositeEvent,
  REGION,
} from '../../../support/alarm-events.ts';

function read(event: unknown) {
  const parsed = readEvent({ document: event });
  if (parsed.kind !== 'alarm') throw new Error(`It was read as ${parsed.kind}.`);
  return parsed.alarm;
}

test('An alarm of a metric is read with its place, state, time and reason.', () => {
  expect(read(alarmEvent())).toMatchObject({
    name: 'shop-5xx',
    accounts: [ACCOUNT],
    regions: [REGION],
    state: 'ALARM',
    at: ALARM_AT,
    noData: false,
    silenced: undefined,
    notes: [],
  });
});

test('A composite alarm that waited is not taken for a silenced one.', () => {
  expect(read(compositeEvent())).toMatchObject({ state: 'ALARM', silenced: undefined, notes: [] });
});

test('An alarm in its first state has no data behind its reason, and that is fine.', () => {
  const event = alarmEvent({ state: { reasonData: undefined } });
  expect(read(event)).toMatchObject({ state: 'ALARM', noData: false, notes: [] });
});

test('Missing data that counts as breaching is told apart from bad data.', () => {
  const reasonData = JSON.stringify({ version: '1.0', recentDatapoints: [] });
  expect(read(alarmEvent({ state: { reasonData } })).noData).toBe(true);
});

test.each([
  ['suppressed', alarmEvent({ state: { actionsSuppressedBy: 'WaitPeriod' } })],
  ['muted', alarmEvent({ data: { muteDetail: { mutedBy: ['arn:rule'] } } })],
])('An alarm whose actions are %s says so.', (silenced, event) => {
  expect(read(event).silenced).toBe(silenced);
});

describe('What is odd is noted and does not stop the reading', () => {
  test('a reason whose data is no JSON', () => {
    const alarm = read(alarmEvent({ state: { reasonData: '{"version' } }));
    expect(alarm).toMatchObject({ state: 'ALARM', noData: false });
    expect(alarm.notes).toEqual([expect.stringContaining('cannot be read')]);
  });

  test.each([undefined, null, 'NaN', 17, 'yesterday'])('the time %j', (timestamp) => {
    const event = { ...alarmEvent({ state: { timestamp } }), time: 'NaN' };
    expect(read(event)).toMatchObject({ at: undefined, notes: [expect.stringContaining('time')] });
  });

  test.each([null, 'alarm', ' ALARM', 'ALARM\n', 7, { value: 'ALARM' }, ['ALARM'], undefined])(
    'the state %j, which is not the exact word',
    (value) => {
      expect(read(alarmEvent({ state: { value } })).state).not.toBe('ALARM');
    },
  );

  test('another account beside the ARN: both are told', () => {
    expect(read(alarmEvent({ accountId: '999999999999' })).accounts).toEqual([
      ACCOUNT,
      '999999999999',
    ]);
  });

  test('texts with signs that move the cursor or turn the text round', () => {
    const { name, reason } = read(
      alarmEvent({ name: 'shop\u202e5xx', state: { reason: 'down\u001b[2J\r\nnow' } }),
    );
    expect(name + reason).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

test.each([
  undefined,
  null,
  '',
  'not JSON',
  'You have chosen to subscribe to the topic',
  {},
  [],
  7,
  { source: 'aws.cloudwatch' },
  { ...alarmEvent(), source: 'aws.ec2' },
  { ...alarmEvent(), alarmArn: 'arn:aws:sns:eu-west-1:123456789012:topic' },
  { ...alarmEvent(), alarmData: 'ALARM' },
  { Records: [{ Sns: { Message: '{}' } }] },
])('%j is no alarm, and is shown by its beginning.', (event) => {
  const parsed = readEvent({ document: event });
  const length = parsed.kind === 'other' ? parsed.shown.length : Infinity;
  expect(length).toBeLessThanOrEqual(80);
});

test('What is shown of an unknown event has no password in it.', () => {
  const parsed = readEvent({ document: { password: 'correct-horse', token: 'abc123' } });
  expect(JSON.stringify(parsed)).not.toMatch(/correct-horse|abc123/);
});
