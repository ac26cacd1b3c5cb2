/** The decision matrix: which signal leads to which decision. */
import * as z from 'zod';
import { checkedText, duration, identifier, measure, words } from '../values.ts';
import { selection } from './flags.ts';
import { MATRIX, type MatrixRow } from './matrix.ts';

const forHow = duration({ min: 0, max: 3_600_000 });
const within = duration({ max: 86_400_000 });
const investigateFor = duration({ min: 1, max: 7_200_000 });
const missing = z.enum(['act', 'investigate', 'notify', 'ignore']);
const decision = z.enum(['act', 'investigate', 'suggest']);
const automatic = z.enum(['none', 'flags', 'application']);
const requests = z.int().min(0);
const groups = selection('Flag groups that go to their safe values');
const trips = selection(
  'Circuit breakers that open, by provider name or "tag:WORD"',
  checkedText('^(tag:)?[A-Za-z][A-Za-z0-9_.-]{0,62}$', () => undefined),
);

/** Bounds that hold all at once; a ratio is written "5%", a time "1000ms", a count 10. */
export const threshold = z
  .strictObject({
    above: measure().optional().describe('Met when the value is greater than this.'),
    at_least: measure().optional().describe('Met when the value is this or greater.'),
    below: measure().optional().describe('Met when the value is smaller than this.'),
    at_most: measure().optional().describe('Met when the value is this or smaller.'),
  })
  .describe('Bounds that have to hold all at once. A share is "5%", a time "1000ms", a count 10.');

/** What a rule says beyond its signal and decision, with the value it has when left out. */
const GENERIC = {
  for: '1m',
  within: '30m',
  min_requests: 0,
  missing: 'notify',
  investigate_for: '10m',
  at_end: 'ask',
  automatic: 'none',
  groups: 'all',
  trips: 'all',
} as const;

function commonFields(row: Partial<MatrixRow>) {
  const given = { ...GENERIC, ...row };
  const optionalThreshold = threshold.optional();
  return {
    description: words().optional().describe('What the rule means, for messages.'),
    threshold:
      row.threshold === undefined ? optionalThreshold : optionalThreshold.prefault(row.threshold),
    for: forHow
      .prefault(given.for)
      .describe(`How long it has to last without a break. Default: ${given.for}`),
    within: within
      .prefault(given.within)
      .describe(`Window in which reports are counted. Default: ${given.within}`),
    period: duration({ min: 10_000, max: 86_400_000 })
      .prefault('1m')
      .describe('Length of one data point: 10s, 20s, 30s or whole minutes. Default: 1m'),
    min_requests: requests
      .default(given.min_requests)
      .describe(
        `Fewer requests than this in "for" mean no decision. Default: ${given.min_requests}`,
      ),
    missing: missing
      .default(given.missing)
      .describe(`What no data means. Default: ${given.missing}`),
    investigate_for: investigateFor
      .prefault(given.investigate_for)
      .describe(`How long to investigate before the end. Default: ${given.investigate_for}`),
    at_end: z
      .enum(['roll_back', 'ask'])
      .default(given.at_end)
      .describe(
        `What happens at the end of an investigation that nobody paused and that did not recover. Default: ${given.at_end}`,
      ),
    automatic: automatic
      .default(given.automatic)
      .describe(
        `Highest level that may run without a person. The database is never automatic. Default: ${given.automatic}`,
      ),
    groups: groups.default(given.groups),
    trips: trips.prefault(given.trips),
    page: z
      .array(identifier())
      .default(row.page ?? ['on_call'])
      .describe('Contacts of the section escalation that are paged at once.'),
    automation: z
      .enum(['observe', 'armed'])
      .default('armed')
      .describe(
        'Only if the rule and the environment are both armed, Backout acts. Default: armed',
      ),
    checks: z
      .array(identifier())
      .min(1)
      .optional()
      .describe('For signal health: the checks that count. Left out: every check of kind http.'),
    min_severity: z
      .number()
      .min(0)
      .max(10)
      .default(7)
      .describe('For signal security: lowest severity of a GuardDuty finding. Default: 7 (high)'),
    alarms: z
      .array(words())
      .default([])
      .describe('Names or ARNs of existing CloudWatch alarms that mean this rule. Default: none'),
  };
}

const signal = identifier();
const SIGNAL_TEXT =
  'health, error_rate, latency_p95, payment_success, database, security, feature, complaints, or a signal of the section metrics.';

function matrixRule(row: MatrixRow) {
  return z
    .strictObject({
      signal: signal.prefault(row.signal).describe(`What is measured: ${SIGNAL_TEXT}`),
      decision: decision
        .default(row.decision)
        .describe(`What a met rule leads to. Default: ${row.decision}`),
      ...commonFields(row),
    })
    .prefault({})
    .describe(`${row.description} Comes with Backout; only what differs has to be written.`);
}

const ownRule = z
  .strictObject({
    signal: signal.describe(`What is measured: ${SIGNAL_TEXT}`),
    decision: decision.describe(
      '"act": safe state at once. "investigate": wait, look again, then decide. "suggest": tell a person.',
    ),
    ...commonFields({}),
  })
  .describe('A rule of your own.');

/** A line of the decision matrix: times in milliseconds, ratios from 0 to 1. */
export type Rule = z.output<typeof ownRule>;

export const rules = z
  .strictObject({
    'service-down': matrixRule(MATRIX['service-down']),
    'critical-errors': matrixRule(MATRIX['critical-errors']),
    'payment-failures': matrixRule(MATRIX['payment-failures']),
    'database-issues': matrixRule(MATRIX['database-issues']),
    'security-breach': matrixRule(MATRIX['security-breach']),
    slow: matrixRule(MATRIX.slow),
    'moderate-errors': matrixRule(MATRIX['moderate-errors']),
    'feature-broken': matrixRule(MATRIX['feature-broken']),
    complaints: matrixRule(MATRIX.complaints),
    'many-complaints': matrixRule(MATRIX['many-complaints']),
  })
  .catchall(ownRule)
  .transform((all): Record<string, Rule> => all);
