import { describe, expect, it } from 'vitest';
import { decide, type Decision, type DecisionRule, type Sample } from '../../src/model/decision.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2025, 0, 12, 3);
/** Error rate above 5 % for two minutes, with at least 100 requests. */
const rule: DecisionRule = {
  threshold: { above: 0.05 },
  for: 2 * MINUTE,
  min_requests: 100,
  missing: 'notify',
  decision: 'act',
  automatic: 'application',
};

/** Samples of a minute each, the last one up to now. */
function minutes(...values: (number | undefined)[]): Sample[] {
  return values.map((value, index) => {
    const to = NOW - (values.length - 1 - index) * MINUTE;
    return { from: to - MINUTE, to, requests: 50, value };
  });
}

function codeOf(samples: Sample[], changes: Partial<DecisionRule> = {}): Decision['code'] {
  return decide({ ...rule, ...changes }, samples, NOW, true).code;
}

describe('a rule', () => {
  it.each<[string, Sample[], Partial<DecisionRule>, Decision['code']]>([
    ['met all the time', minutes(0.2, 0.2), {}, 'rule-met'],
    ['exactly at the bound, which is not above it', minutes(0.05, 0.2), {}, 'not-met'],
    ['just above it', minutes(0.0501, 0.0501), {}, 'rule-met'],
    ['good in the middle', minutes(0.2, 0.01, 0.2), {}, 'not-met'],
    ['good before the time that counts', minutes(0.01, 0.2, 0.2), {}, 'rule-met'],
    ['met for half of the time', minutes(0.2), {}, 'not-long-enough'],
    [
      'met for a millisecond less than asked',
      minutes(0.2, 0.2).map((one, index) => (index === 0 ? { ...one, from: one.from + 1 } : one)),
      {},
      'not-long-enough',
    ],
    [
      'met with exactly the requests it needs',
      minutes(0.2, 0.2),
      { min_requests: 100 },
      'rule-met',
    ],
    ['met with one request too few', minutes(0.2, 0.2), { min_requests: 101 }, 'too-few-requests'],
    ['without a threshold', minutes(0.2, 0.2), { threshold: undefined }, 'no-threshold'],
    [
      'asking for no time, by the newest sample',
      minutes(0.01, 0.2),
      { for: 0, min_requests: 1 },
      'rule-met',
    ],
  ])('%s', (_, samples, changes, code) => {
    expect(codeOf(samples, changes)).toBe(code);
    // The order in which samples arrive says nothing.
    expect(codeOf(samples.toReversed(), changes)).toBe(code);
  });

  it.each<[object, number, boolean]>([
    [{ above: 1 }, 1, false],
    [{ above: 1 }, 1.01, true],
    [{ at_least: 1 }, 1, true],
    [{ at_least: 1 }, 0.99, false],
    [{ below: 1 }, 1, false],
    [{ below: 1 }, 0.99, true],
    [{ at_most: 1 }, 1, true],
    [{ at_most: 1 }, 1.01, false],
    [{ at_least: 1, below: 5 }, 5, false],
    [{ at_least: 1, below: 5 }, 3, true],
    [{}, 3, true],
  ])('with the bounds %j takes %d as met: %s', (threshold, value, met) => {
    expect(codeOf(minutes(value, value), { threshold })).toBe(met ? 'rule-met' : 'not-met');
  });
});

describe('data that is not there', () => {
  const gone: [string, Sample[]][] = [
    ['nothing at all', []],
    ['nothing new for a long time', minutes(0.2, 0.2).map((one) => moved(one, -10 * MINUTE))],
    ['a minute without a value', minutes(0.2, undefined, 0.2)],
    ['only minutes without a value', minutes(undefined, undefined)],
    ['a hole between two samples', minutes(0.2, 0.2, 0.2).filter((_, index) => index !== 1)],
    [
      'an old sample, a long break, and a short one',
      [
        moved(minutes(0.2)[0], -60 * MINUTE),
        { from: NOW - 1_000, to: NOW, requests: 500, value: 1 },
      ],
    ],
    ['the newest sample is overdue', minutes(0.2, 0.2, 0.2).map((one) => moved(one, -61_000))],
  ];
  it.each(gone)('%s: goes by what the rule says about missing data', (_, samples) => {
    expect(decide(rule, samples, NOW, true)).toMatchObject({ decision: 'ignore', code: 'no-data' });
    expect(codeOf(samples, { missing: 'ignore' })).toBe('no-data');
    for (const missing of ['act', 'investigate'] as const) {
      const decision = decide({ ...rule, missing }, samples, NOW, true);
      expect(decision).toMatchObject({ decision: missing, code: 'rule-met', level: 'application' });
      expect(decision.reason).toContain('No data');
    }
  });

  it('is not yet missing while the next sample is not due', () => {
    const late = minutes(0.2, 0.2).map((one) => moved(one, -MINUTE));
    expect(codeOf(late)).toBe('rule-met');
  });

  it('does not make a healthy service ill: one good value is a break', () => {
    const healthy = minutes(0.01, undefined, 0.01);
    expect(codeOf(healthy, { missing: 'act' })).toBe('not-met');
  });

  it('has to last as long as anything else', () => {
    expect(codeOf(minutes(undefined), { missing: 'act' })).toBe('not-long-enough');
  });
});

describe('what is decided', () => {
  it.each<[Partial<DecisionRule>, Partial<Decision>]>([
    [{ automatic: 'application' }, { decision: 'act', level: 'application' }],
    [{ automatic: 'flags' }, { decision: 'act', level: 'flags' }],
    [{ automatic: 'none' }, { decision: 'act', level: 'flags' }],
    [{ decision: 'investigate' }, { decision: 'investigate', code: 'rule-met' }],
    [{ decision: 'suggest' }, { decision: 'ignore', code: 'rule-met-suggest', level: undefined }],
  ])('given %j', (changes, expected) => {
    const decision = decide({ ...rule, ...changes }, minutes(0.2, 0.214), NOW, true);
    expect(decision).toMatchObject(expected);
    expect(decision.reason).toContain('Measured 0.2, 0.214 over 120 s and 100 requests');
  });

  it('is only said while a rule observes, also when data is missing', () => {
    for (const samples of [minutes(0.2, 0.2), []]) {
      const decision = decide({ ...rule, missing: 'act' }, samples, NOW, false);
      expect(decision).toMatchObject({ decision: 'ignore', code: 'rule-met-observing' });
      expect(decision).toMatchObject({ level: undefined });
      expect(decision.reason).toMatch(/^Would act\. /);
    }
  });

  it('always has a reason', () => {
    for (const samples of [[], minutes(0.2), minutes(0.01, 0.01), minutes(0.2, 0.2)]) {
      expect(decide(rule, samples, NOW, true).reason).toMatch(/\w.*\.$/);
    }
  });
});

function moved(sample: Sample | undefined, by: number): Sample {
  const { from, to, requests, value } = sample ?? { from: 0, to: 0, requests: 0, value: undefined };
  return { from: from + by, to: to + by, requests, value };
}
