import type { Level } from './level.ts';

/** The part of a rule of the decision matrix that a decision needs; `backout.yml` has the whole. */
export interface DecisionRule {
  /** Bounds that hold all at once. */
  threshold?: { above?: number; at_least?: number; below?: number; at_most?: number } | undefined;
  /** How long it has to last without a break, in milliseconds. */
  for: number;
  /** Fewer requests than this in `for` decide nothing. */
  min_requests: number;
  missing: 'act' | 'investigate' | 'notify' | 'ignore';
  decision: 'act' | 'investigate' | 'suggest';
  automatic: 'none' | 'flags' | 'application';
}

/** What was measured in a stretch of time. `value: undefined` = no data, which is not zero. */
export interface Sample {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  requests: number;
  value: number | undefined;
}

export interface Decision {
  decision: 'act' | 'investigate' | 'ignore';
  /** Stable, for scripts and reports. */
  code:
    | 'rule-met'
    | 'rule-met-observing'
    | 'rule-met-suggest'
    | 'not-met'
    | 'not-long-enough'
    | 'too-few-requests'
    | 'no-data'
    | 'no-threshold';
  /** Highest level that may run without a person. */
  level: Level | undefined;
  reason: string;
}

/**
 * What a rule says about the samples up to `now`. Only what is met without a break for the whole
 * time acts; what cannot be told goes by the rule's `missing`.
 * @param armed false = say what would happen, and do nothing
 */
export function decide(
  rule: DecisionRule,
  samples: readonly Sample[],
  now: number,
  armed: boolean,
): Decision {
  const ignore = (code: Decision['code'], reason: string): Decision => ({
    decision: 'ignore',
    code,
    level: undefined,
    reason,
  });
  const { threshold } = rule;
  if (threshold === undefined) return ignore('no-threshold', 'The rule has no threshold.');
  const start = now - rule.for;
  const inside = samples.filter(({ from, to }) => to > start && from < now);
  const covered = samples.some(({ from }) => from <= start);
  const known = inside.flatMap(({ value }) => (value === undefined ? [] : [value]));
  if (known.length < inside.length || inside.length === 0) return onMissing(rule, armed);
  if (!known.every((value) => isMet(threshold, value))) {
    return ignore('not-met', `Measured ${known.map(format).join(', ')}.`);
  }
  if (!covered) return ignore('not-long-enough', `Met, but not yet for ${rule.for / 1000} s.`);
  const requests = inside.reduce((sum, sample) => sum + sample.requests, 0);
  if (requests < rule.min_requests) {
    return ignore('too-few-requests', `${requests} requests; ${rule.min_requests} are needed.`);
  }
  const reason = `Measured ${known.map(format).join(', ')} over ${rule.for / 1000} s and ${requests} requests.`;
  return conclude(rule.decision, rule, reason, armed);
}

function onMissing(rule: DecisionRule, armed: boolean): Decision {
  const reason = 'No data for at least part of the time.';
  switch (rule.missing) {
    case 'act':
    case 'investigate':
      return conclude(rule.missing, rule, reason, armed);
    case 'notify':
    case 'ignore':
      return { decision: 'ignore', code: 'no-data', level: undefined, reason };
    default:
      return rule.missing satisfies never;
  }
}

function conclude(
  decision: DecisionRule['decision'],
  rule: DecisionRule,
  reason: string,
  armed: boolean,
): Decision {
  if (!armed) {
    const told = `Would ${decision}. ${reason}`;
    return { decision: 'ignore', code: 'rule-met-observing', level: undefined, reason: told };
  }
  if (decision === 'suggest') {
    return { decision: 'ignore', code: 'rule-met-suggest', level: undefined, reason };
  }
  // Acting always means at least the safe state; `automatic` says how far beyond it.
  const level = rule.automatic === 'none' ? 'flags' : rule.automatic;
  return { decision, code: 'rule-met', level, reason };
}

function isMet(threshold: NonNullable<DecisionRule['threshold']>, value: number): boolean {
  const { above, at_least: atLeast, below, at_most: atMost } = threshold;
  return (
    (above === undefined || value > above) &&
    (atLeast === undefined || value >= atLeast) &&
    (below === undefined || value < below) &&
    (atMost === undefined || value <= atMost)
  );
}

const format = (value: number): string => String(Number(value.toPrecision(3)));
