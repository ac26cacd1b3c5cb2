import type { Level } from './level.ts';

/** The part of a rule of the decision matrix that a decision needs; `backout.yml` has the whole. */
export interface DecisionRule {
  /** Bounds that hold all at once. */
  threshold?:
    | { [Bound in 'above' | 'at_least' | 'below' | 'at_most']?: number | undefined }
    | undefined;
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
  level: Exclude<Level, 'database'> | undefined;
  reason: string;
}

/**
 * What a rule says about the samples up to `now`. Only what is met without a break for the whole
 * time acts. A single good value is a break; a stretch without data is none, and goes by the rule's
 * `missing`. The newest sample may be as old as it is long: the next one is not due before that.
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
  const end = endOfData(samples, now);
  const start = end - rule.for;
  const inside = samples
    .filter(({ from, to }) => (to > start || to === end) && from < end)
    .toSorted((a, b) => a.from - b.from);
  const known = inside.flatMap(({ value }) => (value === undefined ? [] : [value]));
  if (inside.length === 0) return onMissing(rule, armed);
  if (!known.every((value) => isMet(threshold, value))) {
    return ignore('not-met', `Measured ${known.map(format).join(', ')}.`);
  }
  if (!samples.some(({ from }) => from <= start)) {
    return ignore('not-long-enough', `Not yet measured for ${rule.for / 1000} s.`);
  }
  if (known.length < inside.length || hasGap(inside, start, end)) return onMissing(rule, armed);
  const requests = inside.reduce((sum, sample) => sum + sample.requests, 0);
  if (requests < rule.min_requests) {
    return ignore('too-few-requests', `${requests} requests; ${rule.min_requests} are needed.`);
  }
  const reason = `Measured ${known.map(format).join(', ')} over ${rule.for / 1000} s and ${requests} requests.`;
  return conclude(rule.decision, rule, reason, armed);
}

/** Where the judged time ends: at the newest sample, unless the one after it is overdue. */
function endOfData(samples: readonly Sample[], now: number): number {
  const newest = samples
    .filter(({ from }) => from < now)
    .reduce<Sample | undefined>((last, one) => (last && last.to >= one.to ? last : one), undefined);
  const late = newest === undefined || now > newest.to + (newest.to - newest.from);
  return late ? now : Math.min(now, newest.to);
}

/** @param inside in order of their beginnings */
function hasGap(inside: readonly Sample[], start: number, end: number): boolean {
  let measuredTo = start;
  for (const { from, to } of inside) {
    if (from > measuredTo) return true;
    measuredTo = Math.max(measuredTo, to);
  }
  return measuredTo < end;
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
  return { decision, code: 'rule-met', level: levelOf(rule), reason };
}

/** Acting always means at least the safe state; `automatic` says how far beyond it. */
export function levelOf({ automatic }: Pick<DecisionRule, 'automatic'>): 'flags' | 'application' {
  return automatic === 'none' ? 'flags' : automatic;
}

/** Whether a value is within all the bounds that are given. */
export function isMet(
  threshold: { [Bound in 'above' | 'at_least' | 'below' | 'at_most']?: number | undefined },
  value: number,
): boolean {
  const { above, at_least: atLeast, below, at_most: atMost } = threshold;
  return (
    (above === undefined || value > above) &&
    (atLeast === undefined || value >= atLeast) &&
    (below === undefined || value < below) &&
    (atMost === undefined || value <= atMost)
  );
}

const format = (value: number): string => String(Number(value.toPrecision(3)));
