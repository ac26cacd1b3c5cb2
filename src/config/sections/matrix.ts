/**
 * The decision matrix that a configuration without `rules` gets. The rows, thresholds and times are
 * those of the rollback runbook that Backout replaces; `min_requests` and `missing` are ours.
 */

/** Signals that every installation knows, and the unit that their threshold has. */
export const SIGNALS = {
  health: 'none',
  error_rate: 'ratio',
  latency_p95: 'milliseconds',
  payment_success: 'ratio',
  database: 'none',
  security: 'none',
  feature: 'none',
  complaints: 'count',
} as const satisfies Record<string, 'none' | 'ratio' | 'milliseconds' | 'count'>;

/** A default row, written as a person would write it in `backout.yml`. */
export interface MatrixRow {
  description: string;
  signal: keyof typeof SIGNALS;
  threshold?: Partial<Record<'above' | 'at_least' | 'below' | 'at_most', string | number>>;
  for: string;
  within?: string;
  min_requests: number;
  missing: 'act' | 'investigate' | 'notify' | 'ignore';
  decision: 'act' | 'investigate' | 'suggest';
  investigate_for?: string;
  at_end?: 'roll_back' | 'ask';
  automatic: 'none' | 'flags' | 'application';
  groups: 'all' | 'none';
  trips: 'all' | 'none' | string[];
  page: string[];
}

/** Fifty requests: one failed request is then 2 %, so no single one reaches the 5 % line. */
const ENOUGH_REQUESTS = 50;

export const MATRIX = {
  'service-down': {
    description: 'Health endpoints fail, or what measures them is gone.',
    signal: 'health',
    for: '1m',
    min_requests: 0,
    missing: 'act',
    decision: 'act',
    automatic: 'application',
    groups: 'all',
    trips: 'all',
    page: ['on_call'],
  },
  'critical-errors': {
    description: 'More than 5 % of requests fail.',
    signal: 'error_rate',
    threshold: { above: '5%' },
    for: '2m',
    min_requests: ENOUGH_REQUESTS,
    missing: 'notify',
    decision: 'act',
    automatic: 'application',
    groups: 'all',
    trips: 'all',
    page: ['on_call'],
  },
  'payment-failures': {
    description: 'Fewer than 90 % of payments succeed.',
    signal: 'payment_success',
    threshold: { below: '90%' },
    for: '2m',
    min_requests: 10,
    missing: 'notify',
    decision: 'act',
    automatic: 'application',
    groups: 'all',
    trips: ['tag:payment'],
    page: ['on_call'],
  },
  'database-issues': {
    description: 'The database refuses connections, or corruption is reported.',
    signal: 'database',
    for: '1m',
    min_requests: 0,
    missing: 'notify',
    decision: 'act',
    automatic: 'flags',
    groups: 'all',
    trips: 'all',
    page: ['on_call', 'database_admin'],
  },
  'security-breach': {
    description: 'A person or a finding reports a suspected breach.',
    signal: 'security',
    for: '0s',
    min_requests: 0,
    missing: 'ignore',
    decision: 'act',
    automatic: 'flags',
    groups: 'all',
    trips: 'all',
    page: ['on_call', 'commander'],
  },
  slow: {
    description: 'The slowest 5 % of requests take longer than a second.',
    signal: 'latency_p95',
    threshold: { above: '1000ms' },
    for: '2m',
    min_requests: ENOUGH_REQUESTS,
    missing: 'notify',
    decision: 'investigate',
    investigate_for: '10m',
    at_end: 'roll_back',
    automatic: 'application',
    groups: 'all',
    trips: 'all',
    page: ['on_call'],
  },
  'moderate-errors': {
    description: 'Between 1 % and 5 % of requests fail.',
    signal: 'error_rate',
    threshold: { above: '1%', at_most: '5%' },
    for: '2m',
    min_requests: ENOUGH_REQUESTS,
    missing: 'notify',
    decision: 'investigate',
    investigate_for: '15m',
    at_end: 'roll_back',
    automatic: 'application',
    groups: 'all',
    trips: 'all',
    page: ['on_call'],
  },
  'feature-broken': {
    description: 'One feature is reported broken.',
    signal: 'feature',
    for: '0s',
    min_requests: 0,
    missing: 'ignore',
    decision: 'suggest',
    automatic: 'none',
    groups: 'none',
    trips: 'none',
    page: [],
  },
  complaints: {
    description: 'Some users complain.',
    signal: 'complaints',
    threshold: { at_least: 1, below: 10 },
    for: '0s',
    within: '30m',
    min_requests: 0,
    missing: 'ignore',
    decision: 'investigate',
    investigate_for: '20m',
    at_end: 'ask',
    automatic: 'none',
    groups: 'all',
    trips: 'all',
    page: ['on_call'],
  },
  'many-complaints': {
    description: 'Ten or more users complain.',
    signal: 'complaints',
    threshold: { at_least: 10 },
    for: '0s',
    within: '30m',
    min_requests: 0,
    missing: 'ignore',
    decision: 'suggest',
    automatic: 'none',
    groups: 'all',
    trips: 'all',
    page: ['on_call', 'commander'],
  },
} as const satisfies Record<string, MatrixRow>;
