/** What every adapter of the proofs promises. Run on each, so that the memory one cannot drift. */
import { describe, expect, test } from 'vitest';
import type { NewEntry } from '../../src/model/journal.ts';
import { toJson } from '../../src/model/json.ts';
import type { Level } from '../../src/model/level.ts';
import { sealPlan, type Step, type StepAction } from '../../src/model/plan.ts';
import type { Journal } from '../../src/ports/journal.ts';
import type { Proofs } from '../../src/ports/proofs.ts';
import { scope, someEntry } from './journal.contract.ts';

export interface ProofsFixture {
  journal: Journal;
  proofs: Proofs;
}

interface Told {
  id: string;
  incident: string;
  level?: Level;
  action?: StepAction;
  /** Day of January 2026 on which it ended. */
  day: number;
  outcome?: string;
  took?: number | null;
  service?: string;
}

/** Entries of one execution, from its decision to its end. */
function execution({ id, incident, level, action, day, outcome, took, service }: Told): NewEntry[] {
  const step: Step = {
    id: 'step',
    stage: 1,
    title: 'Do it',
    action: action ?? { kind: 'prove-flags' },
    cap_ms: 1,
    essential: true,
  };
  const where = { ...scope, ...(service === undefined ? {} : { service }) };
  const plan = sealPlan({
    ...where,
    ...(level === undefined ? {} : { level }),
    config_hash: 'f'.repeat(64),
    budget_ms: 30_000,
    budget_ends_with: 'step',
    resources: [],
    steps: [step],
  });
  const at = `2026-01-${String(day).padStart(2, '0')}T06:00:00.000Z`;
  const entry = (kind: NewEntry['kind'], key: string, data: NewEntry['data']): NewEntry =>
    someEntry({ ...where, incident, at, kind, key: `${incident}/${id}/${key}`, data });
  return [
    entry('decision', 'decision', { execution: id, plan: toJson(plan) }),
    entry('execution-started', 'started', { execution: id, plan: toJson(plan) }),
    entry('execution-ended', `ended/${at}`, {
      execution: id,
      outcome: outcome ?? 'done',
      within_budget_ms: took === undefined ? 1_000 * day : took,
    }),
  ];
}

const flagTest: StepAction = { kind: 'prove-flag-group', group: 'canary' };

async function told(
  make: () => Promise<ProofsFixture>,
  ...all: readonly Told[]
): ReturnType<Proofs['newest']> {
  const { journal, proofs } = await make();
  for (const entry of all.flatMap(execution)) await journal.append(entry);
  return await proofs.newest(scope);
}

export function proofsContract(name: string, make: () => Promise<ProofsFixture>): void {
  describe(`proofs (${name})`, () => {
    test('an empty journal proves nothing', async () => {
      expect(await told(make)).toEqual([]);
    });

    test('the newest of each level counts, wherever it is recorded', async () => {
      expect(
        await told(
          make,
          { id: 'a', incident: 'inc1', level: 'application', day: 3 },
          { id: 'b', incident: 'inc2', level: 'application', day: 9 },
          { id: 'c', incident: 'inc3', level: 'application', day: 6 },
          { id: 'd', incident: 'inc3', level: 'flags', day: 7 },
        ),
      ).toEqual([
        {
          level: 'application',
          by: 'rollback',
          at: '2026-01-09T06:00:00.000Z',
          took_ms: 9_000,
          budget_ms: 30_000,
          incident: 'inc2',
        },
        {
          level: 'flags',
          by: 'rollback',
          at: '2026-01-07T06:00:00.000Z',
          took_ms: 7_000,
          budget_ms: 30_000,
          incident: 'inc3',
        },
      ]);
    });

    test('only what ended done is proof', async () => {
      const ends = ['failed', 'unknown', 'refused', 'partial'];
      expect(
        await told(
          make,
          ...ends.map((outcome, index): Told => {
            return { id: outcome, incident: 'inc1', level: 'application', day: index + 1, outcome };
          }),
        ),
      ).toEqual([]);
    });

    test('what was resumed and then done is proof', async () => {
      const first = { id: 'a', incident: 'inc1', level: 'application', day: 3 } as const;
      const found = await told(make, { ...first, outcome: 'unknown' }, { ...first, day: 4 });
      expect(found).toMatchObject([{ level: 'application', at: '2026-01-04T06:00:00.000Z' }]);
    });

    test('the flag test proves the level flags, and other maintenance nothing', async () => {
      const found = await told(
        make,
        { id: 'a', incident: 'maintenance-1', action: flagTest, day: 3 },
        { id: 'b', incident: 'maintenance-1', action: { kind: 'flush-cache', cache: 'x' }, day: 4 },
        { id: 'c', incident: 'inc1', level: 'flags', day: 2 },
      );
      expect(found).toMatchObject([
        { level: 'flags', by: 'flag-test', incident: 'maintenance-1', took_ms: 3_000 },
        { level: 'flags', by: 'rollback', incident: 'inc1' },
      ]);
    });

    test('a time that is not known is left out', async () => {
      const [found] = await told(make, {
        id: 'a',
        incident: 'i',
        level: 'flags',
        day: 3,
        took: null,
      });
      expect(found).toBeDefined();
      expect(found).not.toHaveProperty('took_ms');
    });

    test('other services prove nothing for this one', async () => {
      expect(
        await told(make, { id: 'a', incident: 'i', level: 'flags', day: 3, service: 'other' }),
      ).toEqual([]);
    });
  });
}
