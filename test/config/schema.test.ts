import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';

function parse(text: string) {
  return parseConfig(text, { file: 'backout.yml' }).config;
}

const SMALLEST = 'service: shop\nenvironments: { production: {} }\n';

test('a new installation only observes, directly, with its state in files', () => {
  expect(parse(SMALLEST).environments['production']).toMatchObject({
    automation: 'observe',
    reach: 'direct',
    state: { kind: 'embedded', directory: '.backout' },
    approval: { flags: 'never', application: 'unless_green', database: 'always' },
  });
});

test('budgets, stages, bake, lease and clock are those of the runbook', () => {
  const config = parse(SMALLEST);

  expect(config.budgets).toEqual({
    flags: 30_000,
    application: 300_000,
    database: 900_000,
    make_safe: 120_000,
    assess: 300_000,
  });
  expect(config.stages).toEqual({ now: 0, 't+2': 120_000, 't+10': 600_000 });
  expect(config.bake.duration).toBe(600_000);
  expect(config.lease.ttl).toBe(30_000);
  expect(config.clock).toEqual({
    updates_every: 300_000,
    stability_after: 1_800_000,
    follow_up_after: 7_200_000,
  });
});

const MINUTE = 60_000;
const MATRIX: [rule: string, expected: object][] = [
  [
    'service-down',
    { signal: 'health', for: MINUTE, decision: 'act', automatic: 'application', missing: 'act' },
  ],
  [
    'critical-errors',
    {
      signal: 'error_rate',
      threshold: { above: 0.05 },
      for: 2 * MINUTE,
      decision: 'act',
      automatic: 'application',
      min_requests: 50,
    },
  ],
  [
    'payment-failures',
    {
      signal: 'payment_success',
      threshold: { below: 0.9 },
      for: 2 * MINUTE,
      decision: 'act',
      automatic: 'application',
      trips: ['tag:payment'],
    },
  ],
  [
    'database-issues',
    {
      signal: 'database',
      for: MINUTE,
      decision: 'act',
      automatic: 'flags',
      page: ['on_call', 'database_admin'],
    },
  ],
  ['security-breach', { signal: 'security', decision: 'act', page: ['on_call', 'commander'] }],
  [
    'slow',
    {
      signal: 'latency_p95',
      threshold: { above: 1_000 },
      for: 2 * MINUTE,
      decision: 'investigate',
      investigate_for: 10 * MINUTE,
      at_end: 'roll_back',
    },
  ],
  [
    'moderate-errors',
    {
      signal: 'error_rate',
      threshold: { above: 0.01, at_most: 0.05 },
      decision: 'investigate',
      investigate_for: 15 * MINUTE,
      at_end: 'roll_back',
    },
  ],
  ['feature-broken', { signal: 'feature', decision: 'suggest', automatic: 'none' }],
  [
    'complaints',
    {
      threshold: { at_least: 1, below: 10 },
      within: 30 * MINUTE,
      decision: 'investigate',
      investigate_for: 20 * MINUTE,
      at_end: 'ask',
    },
  ],
  ['many-complaints', { threshold: { at_least: 10 }, page: ['on_call', 'commander'] }],
];

test.each(MATRIX)('the row %s of the matrix is there without being written', (rule, expected) => {
  expect(parse(SMALLEST).rules[rule]).toMatchObject(expected);
});

test('the matrix has no further rows, and no row may touch the database', () => {
  const { rules } = parse(SMALLEST);

  expect(Object.keys(rules)).toEqual(MATRIX.map(([rule]) => rule));
  expect(Object.values(rules).map((rule) => rule.automatic)).not.toContain('database');
});

test('one number of a row changes and the others stay', () => {
  const rule = parse(`${SMALLEST}rules: { critical-errors: { threshold: { above: "3%" } } }`).rules[
    'critical-errors'
  ];

  expect(rule).toMatchObject({
    signal: 'error_rate',
    threshold: { above: 0.03 },
    for: 2 * MINUTE,
    decision: 'act',
    automatic: 'application',
  });
});

test('a rule of your own follows those of the matrix, and does nothing by itself', () => {
  const { rules } = parse(
    `${SMALLEST}rules: { own: { signal: complaints, threshold: { at_least: 3 }, decision: act } }`,
  );

  expect(Object.keys(rules).at(-1)).toBe('own');
  expect(rules['own']).toMatchObject({ automatic: 'none', missing: 'notify', page: ['on_call'] });
});

test('contacts come with the times of the runbook, and one of them can be changed', () => {
  const { escalation } = parse(`${SMALLEST}escalation: { cto: { after: 45m } }`);

  expect(escalation['database_admin']?.after).toBe(10 * MINUTE);
  expect(escalation['engineering_manager']?.after).toBe(30 * MINUTE);
  expect(escalation['cto']).toMatchObject({ after: 45 * MINUTE, when: 'customers_affected' });
});

test('providers recover in their order, those without a number last, with everything filled in', () => {
  const { providers } = parse(`service: shop
environments: { production: { redis: { url: "env:REDIS" } } }
breakers:
  watch: 2m
  providers:
    third: {}
    second: { recovery_order: 7, half_open_sample: "1%" }
    first: { recovery_order: 2, watch: 1m }
    fourth: {}
`).breakers;

  expect(Object.keys(providers)).toEqual(['first', 'second', 'third', 'fourth']);
  expect(Object.values(providers).map((one) => one.recovery_order)).toEqual([2, 7, 8, 9]);
  expect(providers['first']).toMatchObject({ half_open_sample: 0.1, watch: MINUTE });
  expect(providers['second']).toMatchObject({ half_open_sample: 0.01, watch: 2 * MINUTE });
});

test('messages go to the console when nothing else is said', () => {
  expect(parse(SMALLEST).messages.channels).toMatchObject({ console: { kind: 'console' } });
});

test('a check is asked at all three stages, and breakers are expected open in the safe state', () => {
  const { checks } = parse(
    `${SMALLEST}checks: { up: { kind: http, url: "https://x.example" }, cut: { kind: breakers } }`,
  );

  expect(checks['up']).toMatchObject({
    stages: ['now', 't+2', 't+10'],
    timeout: 5_000,
    expect: { status: 200 },
  });
  expect(checks['cut']).toMatchObject({ expect: 'closed', under_safe_state: { expect: 'open' } });
});
