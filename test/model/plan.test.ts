import { describe, expect, it } from 'vitest';
import {
  foldOutcome,
  foldSteps,
  type ExecutionOutcome,
  type StepOutcome,
} from '../../src/model/execution.ts';
import type { JournalEntry } from '../../src/model/journal.ts';
import type { JsonObject } from '../../src/model/json.ts';
import {
  isMutation,
  isSealed,
  type Plan,
  type PlanContent,
  readPlan,
  sealPlan,
  shortHash,
  type Step,
} from '../../src/model/plan.ts';

function step(id: string, essential = true): Step {
  const action = { kind: 'prove-flags' as const };
  return { id, stage: 1, title: 'Prove the flags', action, cap_ms: 1_000, essential };
}

const content: PlanContent = {
  service: 'storefront',
  environment: 'production',
  level: 'flags',
  config_hash: 'c'.repeat(64),
  budget_ms: 30_000,
  budget_ends_with: 'b',
  resources: [],
  steps: [step('a'), step('b')],
};
const plan = sealPlan(content);

const isList = (value: unknown): value is unknown[] => Array.isArray(value);

/** The value with one thing in it changed or missing, in every way there is. */
function variantsOf(value: unknown): unknown[] {
  if (typeof value === 'string') return [`${value}x`, ''];
  if (typeof value === 'number') return [value + 1, String(value)];
  if (typeof value === 'boolean') return [!value];
  if (isList(value)) {
    const inside = value.flatMap((member, index) =>
      variantsOf(member).map((other) => value.with(index, other)),
    );
    return [...inside, [...value, value[0]], value.slice(1)];
  }
  return Object.entries(value ?? {}).flatMap(([name, member]) => [
    ...variantsOf(member).map((other) => ({ ...(value as object), [name]: other })),
    Object.fromEntries(Object.entries(value ?? {}).filter(([other]) => other !== name)),
  ]);
}

describe('a plan', () => {
  it('is named by all that it says', () => {
    expect(isSealed(plan)).toBe(true);
    expect(shortHash(plan.hash)).toBe(plan.hash.slice(0, 12));
    expect(isSealed({ ...plan, budget_ms: 31_000 })).toBe(false);
    expect(isSealed({ ...plan, steps: plan.steps.toReversed() })).toBe(false);
  });

  it('does not match its hash after any change of anything in it', () => {
    const whole = sealPlan({ ...content, from: 'v1.2.0', to: 'v1.1.0', resources: ['r'] });
    const changed = variantsOf(whole).filter((one): one is Plan => typeof one === 'object');
    // Every member, of the plan, of its steps and of their actions: replaced, and taken away.
    expect(changed.length).toBeGreaterThan(40);
    expect(changed.filter((variant) => isSealed(variant) || readPlan(variant))).toEqual([]);
    expect(readPlan({ ...whole, note: 'one more member' })).toBeUndefined();
    expect(isSealed(structuredClone(whole))).toBe(true);
  });

  it('has the same hash for the same content, and is the same after storing', () => {
    expect(sealPlan(structuredClone(content)).hash).toBe(plan.hash);
    expect(readPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it.each([
    null,
    undefined,
    5,
    'plan',
    [],
    {},
    { ...plan, level: 'database' },
    { ...plan, hash: '' },
  ])('is not read from %j', (value) => {
    expect(readPlan(value)).toBeUndefined();
  });

  it('knows which actions change something', () => {
    expect(isMutation({ kind: 'deploy', target: 'web', tag: 'v1', commit: 'c' })).toBe(true);
    expect(isMutation({ kind: 'engage-override', expect: [] })).toBe(true);
    expect(isMutation({ kind: 'prove-flags' })).toBe(false);
    expect(isMutation({ kind: 'preflight', target: 'web', tag: 'v1', commit: 'c' })).toBe(false);
  });
});

function recorded(kind: 'intent' | 'outcome' | 'note', data: JsonObject): JournalEntry {
  return {
    service: 'storefront',
    environment: 'production',
    incident: 'incident1',
    key: 'k',
    kind,
    at: '2025-01-12T03:00:00.000Z',
    actor: 'kim',
    text: 'A step',
    data,
    seq: 1,
    previous: '',
    hash: '',
  };
}
const intent = (data: JsonObject) => recorded('intent', { execution: 'x', step: 'a', ...data });
const outcome = (data: JsonObject) => recorded('outcome', { execution: 'x', step: 'a', ...data });

describe('what the journal knows of a step', () => {
  it.each<[string, JournalEntry[], object]>([
    ['nothing', [], { state: 'pending' }],
    ['an intent', [intent({ attempt: 1 })], { state: 'interrupted', attempt: 1 }],
    [
      'an outcome',
      [
        intent({ attempt: 1 }),
        outcome({ attempt: 1, outcome: 'done', verified_at: 't', detail: 'd' }),
      ],
      { state: 'ended', result: { outcome: 'done' } },
    ],
    [
      'a second attempt that was interrupted',
      [outcome({ attempt: 1, outcome: 'failed', problem: 'p' }), intent({ attempt: 2 })],
      { state: 'interrupted', attempt: 2 },
    ],
    [
      'done without a proof',
      [outcome({ attempt: 1, outcome: 'done' })],
      { state: 'ended', result: { outcome: 'unknown' } },
    ],
    [
      'an outcome from a later version of Backout',
      [outcome({ attempt: 1, outcome: 'splendid' })],
      { state: 'ended', result: { outcome: 'unknown' } },
    ],
    [
      'an outcome of an overtaken attempt, told after its follower began',
      [
        intent({ attempt: 1 }),
        intent({ attempt: 2 }),
        outcome({ attempt: 1, outcome: 'failed', problem: 'late' }),
      ],
      { state: 'interrupted', attempt: 2 },
    ],
    [
      'an outcome of an overtaken attempt, told after its follower ended',
      [
        intent({ attempt: 2 }),
        outcome({ attempt: 2, outcome: 'failed', problem: 'of the follower' }),
        outcome({ attempt: 1, outcome: 'done', verified_at: 't', detail: 'late' }),
      ],
      { state: 'ended', attempt: 2, result: { outcome: 'failed', problem: 'of the follower' } },
    ],
    [
      'whatever was told after a proof',
      [
        outcome({ attempt: 1, outcome: 'done', verified_at: 't', detail: 'd' }),
        intent({ attempt: 2 }),
        outcome({ attempt: 2, outcome: 'unknown', problem: 'late' }),
      ],
      { state: 'ended', attempt: 1, result: { outcome: 'done' } },
    ],
    ['another execution', [intent({ attempt: 1, execution: 'y' })], { state: 'pending' }],
    ['another step', [intent({ attempt: 1, step: 'z' })], { state: 'pending' }],
    ['a note', [recorded('note', { execution: 'x', step: 'a', attempt: 1 })], { state: 'pending' }],
  ])('given %s', (_, entries, expected) => {
    expect(foldSteps(plan, 'x', entries).get('a')).toMatchObject(expected);
    expect(foldSteps(plan, 'x', entries).get('b')).toEqual({ state: 'pending' });
  });
});

describe('the outcome of an execution', () => {
  const done: StepOutcome = { outcome: 'done', verified_at: 't', detail: '' };
  const failed: StepOutcome = { outcome: 'failed', problem: 'p' };
  const unknown: StepOutcome = { outcome: 'unknown', problem: 'p' };
  const notRun: StepOutcome = { outcome: 'not-run', problem: 'p' };
  it.each<[string, [StepOutcome, boolean][], ExecutionOutcome]>([
    [
      'all done',
      [
        [done, true],
        [done, false],
      ],
      'done',
    ],
    [
      'something inessential failed',
      [
        [done, true],
        [failed, false],
      ],
      'partial',
    ],
    [
      'something inessential is unknown',
      [
        [done, true],
        [unknown, false],
      ],
      'partial',
    ],
    [
      'something essential failed',
      [
        [failed, true],
        [notRun, true],
      ],
      'failed',
    ],
    ['something essential did not run', [[notRun, true]], 'failed'],
    [
      'something essential is unknown',
      [
        [failed, true],
        [unknown, true],
      ],
      'unknown',
    ],
  ])('given that %s is %s', (_, steps, expected) => {
    const results = steps.map(([result, essential], index) => ({
      step: step(String(index), essential),
      result,
      duration_ms: 1,
    }));
    expect(foldOutcome(results)).toBe(expected);
  });
});
