/**
 * Every row of the default decision matrix, both halves: what it is met by leads to its decision and
 * no further, and what just does not meet it leads to nothing. The numbers are those of the runbook,
 * written out here a second time.
 */
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import type { AlarmSettings } from '../../src/model/alarm.ts';
import { decideSignalled } from '../../src/model/alarm-decision.ts';
import { decide, type Sample } from '../../src/model/decision.ts';
import { readEvent } from '../../src/adapters/aws/events/read-event.ts';
import { ACCOUNT, ALARM_AT, alarmEvent, findingEvent, REGION } from '../support/alarm-events.ts';

const { rules } = configSchema.parse({ service: 'shop', environments: {} });
type RuleName =
  | 'service-down'
  | 'critical-errors'
  | 'payment-failures'
  | 'database-issues'
  | 'security-breach'
  | 'slow'
  | 'moderate-errors'
  | 'feature-broken';
const MIN = 60_000;

function ruleOf(name: string) {
  const rule = rules[name];
  if (rule === undefined) throw new Error(`There is no rule ${name}.`);
  return rule;
}

const settings: AlarmSettings = {
  rules: Object.fromEntries(
    Object.entries(rules).map(([name, rule]) => [name, { ...rule, alarms: [`alarm-${name}`] }]),
  ),
  armed: true,
  account: ACCOUNT,
  regions: [REGION],
  maxAgeMs: 15 * MIN,
  rereadAfterMs: 5 * MIN,
  flapping: { changes: 3, withinMs: 30 * MIN },
};

/** What the alarm of a rule leads to. */
function alarmFor(name: string, reasonData?: string) {
  const event = alarmEvent({
    name: `alarm-${name}`,
    state: reasonData === undefined ? {} : { reasonData },
  });
  return decideSignalled(readEvent({ document: event }), settings, ALARM_AT + 1000);
}

/** One value, once a minute, for so many minutes until now. */
function steady(value: number | undefined, minutes: number, requests = 1_000): Sample[] {
  return Array.from({ length: minutes }, (_, index) => ({
    from: index * MIN,
    to: (index + 1) * MIN,
    requests,
    value,
  }));
}

interface Row {
  rule: RuleName;
  decision: string;
  level: string | undefined;
  /** Minutes that it has to last. */
  minutes: number;
  met?: number;
  /** Just not met. */
  unmet?: number;
  /** Requests that are just too few. */
  few?: number;
  noData: string;
  wait?: number;
  page: string[];
}

const ROWS: Row[] = [
  {
    rule: 'service-down',
    decision: 'act',
    level: 'application',
    minutes: 1,
    noData: 'act',
    page: ['on_call'],
  },
  {
    rule: 'critical-errors',
    decision: 'act',
    level: 'application',
    minutes: 2,
    met: 0.051,
    unmet: 0.05,
    few: 49,
    noData: 'ignore',
    page: ['on_call'],
  },
  {
    rule: 'payment-failures',
    decision: 'act',
    level: 'application',
    minutes: 2,
    met: 0.899,
    unmet: 0.9,
    few: 9,
    noData: 'ignore',
    page: ['on_call'],
  },
  {
    rule: 'database-issues',
    decision: 'act',
    level: 'flags',
    minutes: 1,
    noData: 'ignore',
    page: ['on_call', 'database_admin'],
  },
  {
    rule: 'security-breach',
    decision: 'act',
    level: 'flags',
    minutes: 0,
    noData: 'ignore',
    page: ['on_call', 'commander'],
  },
  {
    rule: 'slow',
    decision: 'investigate',
    level: 'application',
    minutes: 2,
    met: 1_001,
    unmet: 1_000,
    few: 49,
    noData: 'ignore',
    wait: 10,
    page: ['on_call'],
  },
  {
    rule: 'moderate-errors',
    decision: 'investigate',
    level: 'application',
    minutes: 2,
    met: 0.05,
    unmet: 0.01,
    few: 49,
    noData: 'ignore',
    wait: 15,
    page: ['on_call'],
  },
  {
    rule: 'feature-broken',
    decision: 'ignore',
    level: undefined,
    minutes: 0,
    noData: 'ignore',
    page: [],
  },
];

describe.each(ROWS)('The rule $rule', (row) => {
  test('leads to its decision when its alarm goes off, and to no higher level', () => {
    const { decision, level } = alarmFor(row.rule);
    expect({ decision, level }).toEqual({ decision: row.decision, level: row.level });
  });

  test('says what silence means', () => {
    expect(alarmFor(row.rule, '{"recentDatapoints":[]}').decision).toBe(row.noData);
  });

  test('has the times and the people of the runbook', () => {
    const rule = ruleOf(row.rule);
    expect(rule.for).toBe(row.minutes * MIN);
    expect(rule.page).toEqual(row.page);
    if (row.wait === undefined) return;
    expect(rule).toMatchObject({ investigate_for: row.wait * MIN, at_end: 'roll_back' });
  });
});

const MEASURED = ROWS.flatMap((row) => (row.met === undefined ? [] : [{ ...row, met: row.met }]));

test.each(MEASURED)(
  'The rule $rule is met at its threshold and for its time, and not before.',
  ({ rule: name, decision, met, unmet, minutes, few = 0 }) => {
    const rule = ruleOf(name);
    const at = (samples: Sample[]) => decide(rule, samples, minutes * MIN, true);
    expect(at(steady(met, minutes)).decision).toBe(decision);
    expect(at(steady(unmet, minutes)).decision).toBe('ignore');
    // One good value in between is a break.
    const [first, ...rest] = steady(met, minutes);
    expect(at([{ ...first, value: unmet } as Sample, ...rest]).decision).toBe('ignore');
    expect(decide(rule, steady(met, 1), MIN, true).code).toBe('not-long-enough');
    expect(at(steady(met, minutes, few / minutes)).code).toBe('too-few-requests');
  },
);

test('Between the error rates nothing is missed: above 5 % acts, 1 to 5 % is investigated.', () => {
  const decisions = [0.01, 0.0101, 0.05, 0.0501].map((value) =>
    ['critical-errors', 'moderate-errors'].map(
      (name) => decide(ruleOf(name), steady(value, 2), 2 * MIN, true).decision,
    ),
  );
  expect(decisions).toEqual([
    ['ignore', 'ignore'],
    ['ignore', 'investigate'],
    ['ignore', 'investigate'],
    ['act', 'ignore'],
  ]);
});

test('Payments alone open the payment providers; everything else opens all.', () => {
  const trips = Object.entries(rules).map(([name, rule]) => [name, rule.trips] as const);
  expect(Object.fromEntries(trips)).toMatchObject({
    'payment-failures': ['tag:payment'],
    'service-down': 'all',
    'critical-errors': 'all',
    'database-issues': 'all',
    'security-breach': 'all',
    'feature-broken': 'none',
  });
});

test('No rule takes the database back by itself.', () => {
  for (const rule of Object.values(rules)) expect(rule.automatic).not.toBe('database');
});

test.each([
  [7, 'act'],
  [6.9, 'ignore'],
])('A finding of severity %d is for the security rule: %s.', (severity, decision) => {
  const event = findingEvent({ detail: { severity } });
  const decided = decideSignalled(readEvent({ document: event }), settings, ALARM_AT + 1000);
  expect(decided.decision).toBe(decision);
});

test('A new installation only observes, whatever goes off.', () => {
  const observing = { ...settings, armed: false };
  for (const name of Object.keys(rules)) {
    const event = readEvent({ document: alarmEvent({ name: `alarm-${name}` }) });
    const { decision } = decideSignalled(event, observing, ALARM_AT + 1000);
    expect(['observe', 'ignore']).toContain(decision);
  }
});
