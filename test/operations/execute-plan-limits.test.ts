import { describe, expect, it } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import { sealPlan } from '../../src/model/plan.ts';
import { NO_LEASES } from '../../src/operations/leases.ts';
import { down, unreachable } from '../support/memory-ports.ts';
import {
  change,
  entriesOf,
  execute,
  look,
  newWorld,
  outcomes,
  planOf,
  type Plays,
  portsOf,
  type World,
} from './execution-support.ts';

const never = (): Promise<never> => new Promise(() => undefined);
const refused = (code: `E_${string}`): BackoutError =>
  new BackoutError({ code, kind: 'refused', message: 'No.', remedy: 'Look.' });

const losing = (after: number) => {
  let proofs = 0;
  return {
    ...NO_LEASES,
    prove: () => {
      proofs += 1;
      return proofs > after ? Promise.reject(refused('E_LEASE_LOST')) : Promise.resolve();
    },
  };
};

describe('the right to change things', () => {
  const plan = planOf(look('image', 1), change('web', 2), change('mail', 3), look('end', 4));

  it('is proven before every change, and only there', async () => {
    const world = newWorld();
    const proofs: string[] = [];
    const leases = {
      ...NO_LEASES,
      prove: () => {
        proofs.push(world.calls.at(-1) ?? '');
        return Promise.resolve();
      },
    };
    await execute(world, plan, { ports: { leases } });
    expect(proofs).toEqual(['outcome image', 'outcome web']);
  });

  it.each([0, 1])('lost after %d changes: refused, and nothing more is applied', async (after) => {
    const world = newWorld();
    const result = await execute(world, plan, { ports: { leases: losing(after) } });
    expect(result.outcome).toBe('refused');
    expect(world.effects).toEqual(['image', 'web'].slice(0, after + 1));
    expect(
      outcomes(result)
        .slice(after + 1)
        .map(([, outcome]) => outcome),
    ).toEqual(['not-run', 'not-run', 'not-run'].slice(after));
    expect(result.problems.join()).toContain('E_LEASE_LOST');
    // Not even an intent: whoever has the right now must not find ours.
    const intents = (await entriesOf(world)).filter(({ kind }) => kind === 'intent');
    expect(intents).toHaveLength(after + 1);
  });

  it('lost at a step that is not essential: refused all the same, and nothing more is done', async () => {
    const world = newWorld();
    const lax = planOf(change('web', 1, { essential: false }), look('image', 2));
    const result = await execute(world, lax, { ports: { leases: losing(0) } });
    expect(result.outcome).toBe('refused');
    expect(outcomes(result)).toEqual([
      ['web', 'not-run'],
      ['image', 'not-run'],
    ]);
  });

  it('lost between two tries: refused, and not tried again', async () => {
    const world = newWorld();
    const result = await execute(world, plan, {
      plays: { web: { apply: () => Promise.reject(unreachable()) } },
      ports: { leases: losing(1) },
    });
    expect(world.calls.filter((call) => call === 'apply web')).toHaveLength(1);
    expect(result.outcome).toBe('refused');
    expect(outcomes(result)).toContainEqual(['web', 'failed']);
  });

  it('found lost while nothing changes: no further step begins, not even one that only looks', async () => {
    const world = newWorld();
    const gone = new AbortController();
    const slept = {
      image: {
        apply: async () => {
          world.effects.push('image');
          gone.abort(refused('E_LEASE_LOST'));
        },
      },
    };
    const leases = { ...NO_LEASES, lost: gone.signal };
    const looks = planOf(look('image', 1), look('end', 2));
    const result = await execute(world, looks, { plays: slept, ports: { leases } });
    expect(outcomes(result)).toEqual([
      ['image', 'done'],
      ['end', 'not-run'],
    ]);
    expect(result.outcome).toBe('refused');
    const intents = (await entriesOf(world)).filter(({ kind }) => kind === 'intent');
    expect(intents).toHaveLength(1);
  });

  it('taken over at the target itself: refused', async () => {
    const world = newWorld();
    const plays = { web: { apply: () => Promise.reject(refused('E_FENCED')) } };
    const result = await execute(world, plan, { plays });
    expect(result.outcome).toBe('refused');
    expect(world.effects).toEqual(['image']);
  });

  it('that cannot be proven stops the change, and is no refusal', async () => {
    const world = newWorld();
    const leases = { ...NO_LEASES, prove: () => Promise.reject(unreachable()) };
    const result = await execute(world, plan, { ports: { leases } });
    expect(result.outcome).toBe('failed');
    expect(world.effects).toEqual(['image']);
  });

  it('comes with a number for each target', async () => {
    const world = newWorld();
    const asked: string[] = [];
    const leases = {
      ...NO_LEASES,
      fence: (resource: string) => {
        asked.push(resource);
        return 7;
      },
    };
    let fence: number | undefined;
    const plays: Plays = {
      web: {
        async apply(context) {
          fence = context.fence('web');
        },
      },
    };
    await execute(world, planOf(change('web', 1)), { ports: { leases }, plays });
    expect([asked, fence]).toEqual([['storefront/production/target:web'], 7]);
  });
});

/** Fails from the n-th entry on. */
const failingFrom = (world: World, first: number) => {
  const { journal } = portsOf(world);
  let count = 0;
  return {
    ...journal,
    append: (entry: Parameters<typeof journal.append>[0]) => {
      count += 1;
      return count >= first ? Promise.reject(unreachable()) : journal.append(entry);
    },
  };
};

describe('without the journal', () => {
  it('nothing is changed where the record comes first', async () => {
    const world = newWorld();
    const journal = down(world.journal);
    const executing = execute(world, planOf(change('web', 1)), { ports: { journal } });
    await expect(executing).rejects.toMatchObject({ code: 'E_DOWN' });
    expect(world.effects).toEqual([]);
  });

  it('everything is done where acting comes first, and the loss is a problem', async () => {
    const world = newWorld();
    const result = await execute(world, planOf(change('web', 1)), {
      ports: { journal: down(world.journal) },
      request: { journalRequired: false },
    });
    expect(result.outcome).toBe('done');
    expect(world.effects).toEqual(['web']);
    expect(result.problems.filter((problem) => problem.startsWith('Not recorded'))).toHaveLength(4);
  });

  it('that never answers, acting first costs two seconds for each entry', async () => {
    const world = newWorld();
    const began = world.clock.now();
    let applied: number | undefined;
    const result = await execute(world, planOf(change('web', 1)), {
      plays: {
        web: {
          async apply() {
            applied = world.clock.now() - began;
            world.effects.push('web');
          },
        },
      },
      ports: { journal: { ...world.journal, append: never } },
      request: { journalRequired: false },
    });
    expect(result.outcome).toBe('done');
    expect(applied).toBe(4_000);
    expect(world.clock.now() - began).toBe(8_000);
  });

  it('from an intent on, that step is not applied', async () => {
    const world = newWorld();
    const plan = planOf(change('web', 1), change('mail', 2));
    const result = await execute(world, plan, { ports: { journal: failingFrom(world, 4) } });
    expect(world.effects).toEqual(['web']);
    expect(outcomes(result)).toEqual([
      ['web', 'done'],
      ['mail', 'not-run'],
    ]);
    expect(result.outcome).toBe('failed');
  });

  it('from an outcome on, an applied step is unknown: not done, and not "not run"', async () => {
    const world = newWorld();
    const plan = planOf(change('web', 1), change('mail', 2));
    const result = await execute(world, plan, { ports: { journal: failingFrom(world, 3) } });
    expect(world.effects).toEqual(['web']);
    expect(outcomes(result)).toEqual([
      ['web', 'unknown'],
      ['mail', 'not-run'],
    ]);
    expect(result.outcome).toBe('unknown');
    expect(result.problems.join()).toContain('how it ended is not recorded');
  });
});

const slow = (world: World, ms: number): Plays[string] => ({
  async apply() {
    await world.clock.sleep(ms);
    world.effects.push('web');
  },
});

describe('the time budget', () => {
  const plan = planOf(change('web', 1, { cap_ms: 600_000 }));

  it.each([
    [239_000, []],
    [241_000, [false]],
    [301_000, [false, true]],
  ])('of a step of %d ms: told at 80 %% and at 100 %%, and never stops it', async (ms, told) => {
    const world = newWorld();
    const result = await execute(world, plan, { plays: { web: slow(world, ms) } });
    expect(result).toMatchObject({ outcome: 'done', within_budget_ms: ms });
    expect(
      world.events.flatMap((event) => (event.type === 'budget' ? [event.exceeded] : [])),
    ).toEqual(told);
    const entries = await entriesOf(world);
    const recorded = entries.filter(({ kind }) => kind === 'budget');
    expect(recorded.map(({ data }) => data['exceeded'])).toEqual(told);
  });

  it('is measured to where its step was proven, also when another process goes on', async () => {
    const world = newWorld();
    const two = planOf(change('web', 1, { cap_ms: 600_000 }), change('mail', 2));
    const { hash: _, ...content } = two;
    const plan80 = sealPlan({ ...content, budget_ends_with: 'web' });
    const plays = {
      web: slow(world, 20_000),
      mail: { apply: () => Promise.reject(new Error('x')) },
    };
    const first = await execute(world, plan80, { plays });
    await world.clock.advance(3_600_000);
    const second = await execute(world, plan80);
    expect([first.within_budget_ms, second.within_budget_ms]).toEqual([20_000, 20_000]);
    expect(second.outcome).toBe('done');
    // What was within its budget is not told to be over it an hour later.
    expect(world.events.filter(({ type }) => type === 'budget')).toEqual([]);
  });
});

describe('two that make safe at the same moment, and meet at the same attempt', () => {
  const plan = planOf(change('web', 1));
  const lax = { journalRequired: false };

  /** Somebody else's intent comes between our reading of the journal and ours. */
  async function meet(theirs: 'does it' | 'dies in it') {
    const world = newWorld();
    const ports = portsOf(world);
    let met = false;
    const journal: typeof ports.journal = {
      ...ports.journal,
      async append(entry) {
        if (entry.kind === 'intent' && !met) {
          met = true;
          await world.journal.append({ ...entry, data: { ...entry.data, executor: 'other' } });
          if (theirs === 'does it') world.effects.push('web');
        }
        return await ports.journal.append(entry);
      },
    };
    const result = await execute(world, plan, { ports: { journal }, request: lax });
    return { world, result };
  }

  it('look first: what the other did is not done again', async () => {
    const { world, result } = await meet('does it');
    expect(outcomes(result)).toEqual([['web', 'done']]);
    expect(world.effects).toEqual(['web']);
    expect(world.calls).not.toContain('apply web');
  });

  it('look first: what the other began and did not do is done, under the next number', async () => {
    const { world, result } = await meet('dies in it');
    expect(outcomes(result)).toEqual([['web', 'done']]);
    expect(world.effects).toEqual(['web']);
    const attempts = (await entriesOf(world))
      .filter(({ kind }) => kind === 'intent')
      .map(({ data }) => data['attempt']);
    expect(attempts).toEqual([1, 2]);
  });
});

it.each([
  [undefined, 'unknown'],
  [20_000, 'done'],
])('a read-back of 8 s with %s ms for it is %s', async (confirmMs, outcome) => {
  const world = newWorld();
  const web: Plays[string] = {
    ...(confirmMs === undefined ? {} : { confirmMs }),
    async confirm({ signal }) {
      await world.clock.sleep(8_000, signal);
      return { state: 'done', detail: 'web is changed.' };
    },
  };
  const result = await execute(world, planOf(change('web', 1)), { plays: { web } });
  expect(outcomes(result)).toEqual([['web', outcome]]);
});
