import { describe, expect, it } from 'vitest';
import {
  type Complaint,
  complaintsIn,
  complaintTurns,
  type ComplaintRule,
  decideComplaints,
  longestWindow,
} from '../../src/model/complaints.ts';
import { configSchema } from '../../src/config/schema.ts';
import { complaintRulesOf } from '../../src/config/select.ts';
import type { NewEntry } from '../../src/model/journal.ts';
import { chainEntry } from '../../src/model/journal-rules.ts';
import { dice } from '../simulator/dice.ts';
import { NIGHT } from '../support/fake-clock.ts';

const MINUTE = 60_000;
/** As `backout.yml` has them when nothing is written there. */
const RULES = complaintRulesOf(configSchema.parse({ service: 'shop', environments: {} }));

/** So many complaints, all made this long ago. */
const made = (count: number, minutesAgo = 0, name = 'T'): Complaint[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${name}-${minutesAgo}-${index}`,
    at: NIGHT - minutesAgo * MINUTE,
  }));

const decide = (complaints: Complaint[], rules: readonly ComplaintRule[] = RULES) =>
  decideComplaints(complaints, rules, NIGHT);

describe('user complaints lead to', () => {
  it.each<[string, Complaint[], string, number]>([
    ['nothing, when there is none', [], 'ignore', 0],
    ['an investigation, when there is one', made(1), 'investigate', 1],
    ['an investigation, when there are 9', made(9), 'investigate', 9],
    ['a call, when there are 10', made(10), 'page', 10],
    ['a call, when there are many', made(300), 'page', 300],
    ['the same, exactly as old as the window', made(10, 30), 'page', 10],
    [
      'less, a millisecond older than it',
      made(10, 30).map((one) => ({ ...one, at: one.at - 1 })),
      'ignore',
      0,
    ],
    ['what those within the window say', [...made(6, 29), ...made(40, 31)], 'investigate', 6],
    ['the same from a clock that is ahead', [...made(5), ...made(5, -1)], 'page', 10],
  ])('%s', (_, complaints, decision, count) => {
    expect(decide(complaints)).toMatchObject({ decision, count, within_ms: 30 * MINUTE });
  });

  it('one count per reference, from when it was made first', () => {
    const twice = [...made(9), ...made(9)];
    expect(decide(twice)).toMatchObject({ decision: 'investigate', count: 9 });
    // Reported again now: it was made as long ago as before.
    const old = { id: 'T-1', at: NIGHT - 31 * MINUTE };
    expect(decide([{ id: 'T-1', at: NIGHT }, old])).toMatchObject({ decision: 'ignore', count: 0 });
  });

  it('words, contacts and times of the rule, none of our own', () => {
    expect(decide(made(4))).toEqual({
      decision: 'investigate',
      rule: 'complaints',
      page: ['on_call'],
      until: '2025-01-12T03:20:00.000Z',
      count: 4,
      within_ms: 30 * MINUTE,
      reason: '4 user complaints within 30 min.',
    });
    expect(decide(made(12))).toMatchObject({
      decision: 'page',
      rule: 'many-complaints',
      page: ['on_call', 'commander'],
    });
  });

  it('the end of an investigation that has begun, not a later one', () => {
    const until = '2025-01-12T02:55:00.000Z';
    expect(decideComplaints(made(4), RULES, NIGHT, until)).toMatchObject({ until });
  });
});

const rule = (more: Partial<ComplaintRule>): ComplaintRule => ({
  name: 'own',
  decision: 'suggest',
  threshold: { at_least: 3 },
  within: 5 * MINUTE,
  investigate_for: MINUTE,
  page: ['support'],
  ...more,
});

describe('the rules of backout.yml', () => {
  it.each<[string, ComplaintRule[], Complaint[], object]>([
    [
      'have thresholds of their own',
      [rule({ decision: 'investigate' })],
      made(2),
      { decision: 'ignore', count: 2 },
    ],
    [
      'have windows of their own',
      [rule({}), rule({ name: 'long', within: 60 * MINUTE, threshold: { at_least: 8 } })],
      [...made(2), ...made(6, 50)],
      { decision: 'page', rule: 'long', count: 8, within_ms: 60 * MINUTE },
    ],
    [
      'leave no gap between an investigation and a call',
      [
        rule({ name: 'few', decision: 'investigate', threshold: { at_least: 1, below: 5 } }),
        rule({ name: 'many', threshold: { at_least: 20 } }),
      ],
      made(12),
      { decision: 'investigate', rule: 'few', count: 12 },
    ],
    [
      'are not left by too much of it',
      [rule({ threshold: { above: 2, at_most: 10 } })],
      made(500),
      { decision: 'page', count: 500 },
    ],
    [
      'never act on complaints: they call somebody',
      [rule({ decision: 'act' })],
      made(3),
      { decision: 'page' },
    ],
    [
      'call everybody whom a rule that is met names, once',
      [rule({}), rule({ name: 'two', page: ['support', 'commander'] })],
      made(3),
      { page: ['support', 'commander'] },
    ],
    [
      'are met by one complaint without a threshold',
      [rule({ threshold: {} })],
      made(1),
      { count: 1, decision: 'page' },
    ],
    [
      'are met by none without a threshold',
      [rule({ threshold: undefined })],
      [],
      { count: 0, decision: 'ignore' },
    ],
  ])('%s', (_, rules, complaints, expected) => {
    expect(decide(complaints, rules)).toMatchObject(expected);
  });

  it('say how far back a complaint can count: the longest window does', () => {
    expect(longestWindow([rule({}), rule({ within: 9 * MINUTE })])).toBe(9 * MINUTE);
    expect(longestWindow(RULES)).toBe(30 * MINUTE);
  });
});

const STRENGTH = ['ignore', 'investigate', 'page'];

describe('Whatever complaints there are', () => {
  const luck = dice('complaints');
  const history = (): Complaint[] =>
    Array.from({ length: luck.between(0, 40) }, () => ({
      id: `T-${luck.between(0, 25)}`,
      at: NIGHT - Math.floor((luck.next() * 45 - 1) * MINUTE),
    }));
  const histories = Array.from({ length: 400 }, history);

  it('the order in which they arrive makes no difference', () => {
    for (const complaints of histories) {
      const shuffled = complaints
        .map((complaint) => ({ complaint, place: luck.next() }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ complaint }) => complaint);
      expect(decide(shuffled)).toEqual(decide(complaints));
    }
  });

  it('reporting some of them again makes no difference', () => {
    for (const complaints of histories) {
      const again = complaints.filter(() => luck.chance(0.5));
      const later = again.map(({ id, at }) => ({ id, at: at + luck.between(0, 20) * MINUTE }));
      expect(decide([...complaints, ...again, ...later])).toEqual(decide(complaints));
    }
  });

  it('one more never makes the decision weaker, and counts for one at most', () => {
    for (const complaints of histories) {
      const before = decide(complaints);
      const after = decide([
        ...complaints,
        { id: 'another', at: NIGHT - luck.between(0, 40) * MINUTE },
      ]);
      expect(STRENGTH.indexOf(after.decision)).toBeGreaterThanOrEqual(
        STRENGTH.indexOf(before.decision),
      );
      expect(after.count - before.count).toBeGreaterThanOrEqual(0);
      expect(after.count - before.count).toBeLessThanOrEqual(1);
    }
  });

  it('time alone never makes the decision stronger', () => {
    for (const complaints of histories) {
      const now = decide(complaints);
      const later = decideComplaints(complaints, RULES, NIGHT + luck.between(1, 60) * MINUTE);
      expect(STRENGTH.indexOf(later.decision)).toBeLessThanOrEqual(STRENGTH.indexOf(now.decision));
    }
  });

  it('there are as many as references made within the window', () => {
    for (const complaints of histories) {
      const ids = new Set(complaints.map(({ id }) => id));
      const inside = [...ids].filter((id) =>
        complaints.every((one) => one.id !== id || one.at >= NIGHT - 30 * MINUTE),
      );
      expect(decide(complaints).count).toBe(inside.length);
    }
  });
});

const entry = (more: Partial<NewEntry>, seq = 1) => ({
  ...chainEntry(
    {
      service: 'shop',
      environment: 'production',
      incident: 'incident1',
      key: `incident1/${seq}`,
      kind: 'signal',
      at: new Date(NIGHT).toISOString(),
      actor: 'kim',
      text: 'x',
      data: {},
      ...more,
    },
    undefined,
  ),
});

describe('the journal', () => {
  it('has complaints, apart by their reference, else by their entry', () => {
    const data = { signal: 'complaints' };
    const entries = [
      entry({ data: { ...data, reference: 'T-1' } }, 1),
      entry({ data: { ...data, reference: 'T-1' }, incident: 'incident2' }, 2),
      entry({ data }, 3),
      entry({ data }, 4),
      entry({ data: { signal: 'health' } }, 5),
      entry({ data, kind: 'note' }, 6),
    ];
    const found = complaintsIn(entries);
    expect(found).toHaveLength(4);
    expect(new Set(found.map(({ id }) => id)).size).toBe(3);
    expect(found.every(({ at }) => at === NIGHT)).toBe(true);
  });

  it('has what was decided: the last, how many, the first end of an investigation', () => {
    const turn = (decision: string, more = {}) =>
      entry({ kind: 'decision', data: { signal: 'complaints', decision, ...more } });
    expect(complaintTurns([])).toEqual({
      count: 0,
      last: 'ignore',
      at: undefined,
      until: undefined,
      paged: false,
    });
    const turns = [
      turn('investigate', { until: 'first' }),
      turn('page'),
      turn('investigate', { until: 'second' }),
      turn('something newer that we do not know'),
      entry({ kind: 'decision', data: { execution: 'x' } }),
    ];
    expect(complaintTurns(turns)).toMatchObject({
      count: 3,
      last: 'investigate',
      until: 'first',
      paged: true,
    });
  });
});
