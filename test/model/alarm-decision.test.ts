import { describe, expect, test } from 'vitest';
import {
  type Alarm,
  type AlarmRule,
  type AlarmSettings,
  dedupeKeyOf,
  incidentOfSignal,
} from '../../src/model/alarm.ts';
import { decideAlarm, decideFinding, decideSignalled } from '../../src/model/alarm-decision.ts';
import type { AlarmEvidence } from '../../src/model/alarm-evidence.ts';
import type { Finding } from '../../src/model/finding.ts';
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
  late: false,
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
  signal: 'error_rate',
  min_severity: 7,
};

const SETTINGS: AlarmSettings = {
  rules: { 'critical-errors': RULE },
  armed: true,
  account: '123456789012',
  regions: ['eu-west-1'],
  maxAgeMs: 900_000,
  rereadAfterMs: 300_000,
  flapping: { changes: 3, withinMs: 1_800_000 },
};

const decide = (
  alarm: Partial<Alarm> = {},
  settings: Partial<AlarmSettings> = {},
  rule: Partial<AlarmRule> = {},
  evidence: AlarmEvidence = {},
) =>
  decideAlarm(
    { ...ALARM, ...alarm },
    { ...SETTINGS, rules: { 'critical-errors': { ...RULE, ...rule } }, ...settings },
    NOW,
    evidence,
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
  const old = decide({ at: NOW - 900_000 }, {}, {}, { reread: 'ALARM' });
  expect(old.decision).toBe('act');
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

describe('An event that is old, or was kept back, is worth what the monitoring says now', () => {
  const OLD = { at: NOW - 300_001 };
  test.each<[string, Partial<Alarm>, AlarmEvidence, string, string]>([
    ['still red', OLD, { reread: 'ALARM' }, 'act', 'rule-met'],
    ['green by now', OLD, { reread: 'OK' }, 'ignore', 'recovered'],
    ['without data by now', OLD, { reread: 'INSUFFICIENT_DATA' }, 'ignore', 'recovered'],
    ['gone', OLD, { reread: 'gone' }, 'ignore', 'alarm-gone'],
    ['unreadable', OLD, { reread: 'unreadable' }, 'refuse', 'E_ALARM_REREAD'],
    ['not asked', OLD, {}, 'refuse', 'E_ALARM_REREAD'],
    ['kept back, and green', { late: true }, { reread: 'OK' }, 'ignore', 'recovered'],
    ['kept back, and red', { late: true }, { reread: 'ALARM' }, 'act', 'rule-met'],
    ['kept back, unreadable', { late: true }, { reread: 'unreadable' }, 'refuse', 'E_ALARM_REREAD'],
    ['just young enough', { at: NOW - 300_000 }, {}, 'act', 'rule-met'],
  ])('%s', (_what, alarm, evidence, decision, code) => {
    expect(decide(alarm, {}, {}, evidence)).toMatchObject({ decision, code });
  });

  test('and says its age in numbers', () => {
    expect(decide(OLD, {}, {}, { reread: 'OK' }).reason).toContain('300 s old');
  });
});

describe('A signal that cannot be trusted makes safe, and starts nothing above it', () => {
  const red = (minutesAgo: number) => ({
    at: NOW - minutesAgo * 60_000,
    from: 'OK',
    to: 'ALARM',
  });
  const green = (minutesAgo: number) => ({
    at: NOW - minutesAgo * 60_000,
    from: 'ALARM',
    to: 'OK',
  });
  test.each<[string, Partial<Alarm>, AlarmEvidence, string | undefined]>([
    ['red for the first time', {}, { changes: [red(0)] }, undefined],
    ['nobody asked', {}, {}, undefined],
    ['no data', { noData: true }, { changes: [red(0)] }, 'had no data'],
    ['two times in 30 min', {}, { changes: [red(9), green(5), red(0)] }, undefined],
    [
      'three times in 30 min',
      {},
      { changes: [red(20), green(15), red(9), green(5), red(0)] },
      'went off 3 times in 30 min',
    ],
    ['its history is unreadable', {}, { changes: 'unreadable' }, 'cannot be told'],
    [
      'red before the release',
      {},
      { changes: [red(20)], releasedAt: NOW - 600_000 },
      'red already when the live release went out',
    ],
    [
      'red before, told by the first change after',
      {},
      { changes: [green(5), red(0)], releasedAt: NOW - 600_000 },
      'red already',
    ],
    ['green before', {}, { changes: [red(1)], releasedAt: NOW - 600_000 }, undefined],
    [
      'red and green again before',
      {},
      { changes: [red(20), green(15), red(1)], releasedAt: NOW - 600_000 },
      undefined,
    ],
  ])('%s', (_what, alarm, evidence, held) => {
    const decided = decide(alarm, {}, { missing: 'act' }, evidence);
    expect(decided).toMatchObject({ decision: 'act', level: 'application' });
    expect(decided.held_at_flags ?? '').toContain(held ?? '');
    expect(decided.held_at_flags === undefined).toBe(held === undefined);
  });

  test('and at level flags there is nothing to hold', () => {
    const decided = decide({}, {}, { automatic: 'flags' }, { changes: 'unreadable' });
    expect(decided).not.toHaveProperty('held_at_flags');
  });
});

describe('A finding', () => {
  const FINDING: Finding = {
    id: 'finding-1',
    type: 'Backdoor:EC2/C&CActivity.B',
    severity: 8,
    title: 'It talks to a known command server.',
    accounts: ['123456789012'],
    regions: ['eu-west-1'],
    stamp: '2026-03-02T03:00:00.000Z',
    at: NOW - 1000,
    archived: false,
    sample: false,
  };
  const security: AlarmSettings = {
    ...SETTINGS,
    rules: { breach: { ...RULE, signal: 'security', automatic: 'flags' }, errors: RULE },
  };
  const found = (finding: Partial<Finding> = {}, settings = security) =>
    decideFinding({ ...FINDING, ...finding }, settings, NOW);

  test('of the configured severity acts by the rule for security, and by no other', () => {
    expect(found()).toMatchObject({ decision: 'act', rules: ['breach'], level: 'flags' });
    expect(found({ severity: 7 }).decision).toBe('act');
  });

  test.each<[string, Partial<Finding>, string, string]>([
    ['of a lower severity', { severity: 6.9 }, 'ignore', 'finding-low'],
    ['that was archived', { archived: true }, 'ignore', 'finding-archived'],
    ['that is a sample', { sample: true }, 'ignore', 'finding-sample'],
    ['that is old', { at: NOW - 900_001 }, 'ignore', 'stale'],
    ['of another account', { accounts: ['999999999999'] }, 'refuse', 'E_ALARM_SOURCE'],
    ['of another region', { regions: ['us-east-1'] }, 'refuse', 'E_ALARM_SOURCE'],
  ])('%s does nothing', (_what, finding, decision, code) => {
    expect(found(finding)).toMatchObject({ decision, code });
  });

  test('says the numbers it was measured by', () => {
    expect(found({ severity: 4 }).reason).toMatch(/severity .* is 4; needed: 7/);
    expect(found({}, SETTINGS).reason).toContain('no rule');
  });

  test('is only observed where that was asked for', () => {
    expect(found({}, { ...security, armed: false })).toMatchObject({
      decision: 'observe',
      level: 'flags',
    });
  });
});

test.each([
  [{ kind: 'configuration', name: 'shop-5xx' } as const, 'configuration-change'],
  [{ kind: 'other', shown: 'hello' } as const, 'not-an-alarm'],
])('%j is ignored.', (signalled, code) => {
  expect(decideSignalled(signalled, SETTINGS, NOW)).toMatchObject({ decision: 'ignore', code });
});

const keyOf = (alarm: Partial<Alarm> = {}) =>
  dedupeKeyOf({ kind: 'alarm', alarm: { ...ALARM, ...alarm } });
const incidentOf = (alarm: Partial<Alarm> = {}) =>
  incidentOfSignal({ kind: 'alarm', alarm: { ...ALARM, ...alarm } });

test('Two deliveries are the same by alarm, time, state and contributor, and by nothing else.', () => {
  expect(keyOf({ reason: 'told in other words', notes: ['x'] })).toBe(keyOf());
  const others: Partial<Alarm>[] = [
    { arn: `${ARN}x` },
    { stamp: '2026-03-02T03:00:00.432+0000' },
    { state: 'OK' },
    { contributor: 'c1' },
    { contributor: 'c2' },
  ];
  const keys = [keyOf(), ...others.map(keyOf)];
  expect(new Set(keys).size).toBe(keys.length);
});

test('All alarms of one minute open one incident: none of them can see the others yet.', () => {
  const name = incidentOf();
  expect(isIncidentName(name)).toBe(true);
  expect(name).toBe('20260302-0300-alarm');
  expect(incidentOf({ arn: `${ARN}x`, name: 'shop-p95' })).toBe(name);
  expect(incidentOf({ at: NOW + 60_000 })).not.toBe(name);
  expect(isIncidentName(incidentOf({ at: undefined }))).toBe(true);
  expect(incidentOf({ at: undefined })).toBe(incidentOf({ at: undefined }));
  expect(incidentOf({ at: undefined, stamp: 'x' })).not.toBe(incidentOf({ at: undefined }));
});
