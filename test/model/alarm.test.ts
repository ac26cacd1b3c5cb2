import { describe, expect, test } from 'vitest';
import {
  type Alarm,
  type AlarmRule,
  type AlarmSettings,
  decideAlarm,
  incidentOfAlarm,
} from '../../src/model/alarm.ts';
import { isIncidentName } from '../../src/model/names.ts';

const NOW = Date.parse('2026-03-02T03:00:01Z');
const ARN = 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-5xx';

const ALARM: Alarm = {
  name: 'shop-5xx',
  arn: ARN,
  accounts: ['123456789012'],
  regions: ['eu-west-1'],
  state: 'ALARM',
  stamp: '2026-03-02T03:00:00.431+0000',
  at: NOW - 569,
  reason: 'Two datapoints were above 5.',
  noData: false,
  silenced: undefined,
  notes: [],
};

const RULE: AlarmRule = {
  for: 60_000,
  min_requests: 0,
  missing: 'notify',
  decision: 'act',
  automatic: 'application',
  automation: 'armed',
  alarms: ['shop-5xx'],
};

const SETTINGS: AlarmSettings = {
  rules: { 'critical-errors': RULE },
  armed: true,
  account: '123456789012',
  regions: ['eu-west-1'],
  maxAgeMs: 900_000,
};

const decide = (
  alarm: Partial<Alarm> = {},
  settings: Partial<AlarmSettings> = {},
  rule: Partial<AlarmRule> = {},
) =>
  decideAlarm(
    { ...ALARM, ...alarm },
    { ...SETTINGS, rules: { 'critical-errors': { ...RULE, ...rule } }, ...settings },
    NOW,
  );

test('An alarm that a rule names makes it act, up to the level that may run by itself.', () => {
  expect(decide()).toMatchObject({
    decision: 'act',
    code: 'rule-met',
    rules: ['critical-errors'],
    level: 'application',
    reason: ALARM.reason,
  });
});

test('A rule may name an alarm by its ARN.', () => {
  expect(decide({}, {}, { alarms: [ARN] }).decision).toBe('act');
});

describe('Nothing is done', () => {
  test.each<[string, Partial<Alarm>, Partial<AlarmSettings>, string]>([
    ['when the alarm ends', { state: 'OK' }, {}, 'state-ok'],
    ['without enough data', { state: 'INSUFFICIENT_DATA' }, {}, 'state-insufficient-data'],
    ['for a state written in another way', { state: 'alarm' }, {}, 'state-unknown'],
    ['for a state that nobody knows', { state: 'PANIC' }, {}, 'state-unknown'],
    ['while a suppressor is on', { silenced: 'suppressed' }, {}, 'suppressed'],
    ['while it is muted', { silenced: 'muted' }, {}, 'muted'],
    ['for an old event', { at: NOW - 900_001 }, {}, 'stale'],
    ['for an event from far in the future', { at: NOW + 300_001 }, {}, 'stale'],
    ['for an alarm that no rule names', { name: 'shop', arn: `${ARN}-2` }, {}, 'unmapped-alarm'],
    ['without any rule', {}, { rules: {} }, 'unmapped-alarm'],
    ['when a metric is silent and the rule only notifies', { noData: true }, {}, 'no-data'],
  ])('%s', (_when, alarm, settings, code) => {
    expect(decide(alarm, settings)).toMatchObject({ decision: 'ignore', code });
  });
});

test.each<[string, Partial<Alarm>]>([
  ['another account', { accounts: ['999999999999'] }],
  ['another account beside the ARN', { accounts: ['123456789012', '999999999999'] }],
  ['another region', { regions: ['us-east-1'] }],
  ['nowhere', { accounts: [] }],
])('An alarm from %s is refused.', (_where, alarm) => {
  expect(decide(alarm)).toMatchObject({ decision: 'refuse', code: 'E_ALARM_SOURCE', rules: [] });
});

test('Exactly as old as allowed is not too old, and an unreadable time is no reason to wait.', () => {
  expect(decide({ at: NOW - 900_000 }).decision).toBe('act');
  expect(decide({ at: undefined }).decision).toBe('act');
});

test.each<[Partial<AlarmSettings>, Partial<AlarmRule>]>([
  [{ armed: false }, {}],
  [{}, { automation: 'observe' }],
])('Observing says what would be done, and does nothing (%j %j).', (settings, rule) => {
  const decided = decide({}, settings, rule);
  expect(decided).toMatchObject({ decision: 'observe', code: 'rule-met-observing' });
  expect(decided.reason).toContain('Would act');
});

test('A silent metric acts where the rule says that silence means trouble.', () => {
  expect(decide({ noData: true }, {}, { missing: 'act' }).decision).toBe('act');
});

test('Of several rules the strongest decides, and all that agree with it count.', () => {
  const rules = {
    slow: { ...RULE, decision: 'investigate' as const },
    errors: { ...RULE, automatic: 'none' as const },
    payments: { ...RULE, automatic: 'application' as const },
  };
  expect(decide({}, { rules })).toMatchObject({
    decision: 'act',
    rules: ['errors', 'payments'],
    level: 'application',
  });
});

test('The same change of state always opens the same incident, any other one another.', () => {
  const name = incidentOfAlarm(ALARM);
  expect(isIncidentName(name)).toBe(true);
  expect(name).toMatch(/^20260302-0300-/);
  expect(incidentOfAlarm({ ...ALARM, reason: 'told in other words' })).toBe(name);
  const others = [{ arn: `${ARN}x` }, { stamp: '2026-03-02T03:00:00.432+0000' }, { at: undefined }];
  for (const other of others) expect(incidentOfAlarm({ ...ALARM, ...other })).not.toBe(name);
});
