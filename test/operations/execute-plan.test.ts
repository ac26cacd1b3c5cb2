import { describe, expect, it } from 'vitest';
import { BackoutError } from '../../src/model/error.ts';
import { type Step } from '../../src/model/plan.ts';
import type { Confirmation } from '../../src/operations/step-handler.ts';
import { sequentialIds, unreachable } from '../support/memory-ports.ts';
import {
  change,
  entriesOf,
  execute,
  look,
  newWorld,
  outcomes,
  planOf,
  type Plays,
  type World,
} from './execution-support.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('a plan', () => {
  it('is carried out step by step: intent, apply, read back, outcome', async () => {
    const world = newWorld();
    const result = await execute(world, planOf(look('image', 1), change('web', 2)));
    expect(world.calls).toEqual([
      'execution-started',
      'intent image',
      'apply image',
      'confirm image',
      'outcome image',
      'intent web',
      'apply web',
      'confirm web',
      'outcome web',
      'execution-ended',
    ]);
    expect(result).toMatchObject({ outcome: 'done', problems: [] });
    expect(result.steps.map(({ result: { outcome } }) => outcome)).toEqual(['done', 'done']);
    const [started] = await entriesOf(world);
    expect(started?.data).toMatchObject({
      execution: 'execution1',
      plan: { hash: result.plan.hash },
    });
  });

  it('runs the steps of one stage side by side, and a stage only after the one before', async () => {
    const world = newWorld();
    const running = new Set<string>();
    const seen: string[] = [];
    const slowly = (name: string) => ({
      async apply() {
        running.add(name);
        await world.clock.sleep(1_000);
        seen.push([...running].toSorted().join('+'));
        running.delete(name);
        world.effects.push(name);
      },
    });
    const plays = { a: slowly('a'), b: slowly('b'), c: slowly('c') };
    const began = world.clock.now();
    await execute(world, planOf(change('a', 1), change('b', 1), change('c', 2)), { plays });
    expect(seen).toEqual(['a+b', 'b', 'c']);
    expect(world.clock.now() - began).toBe(2_000);
  });

  it('is refused when it does not say what its hash says', async () => {
    const world = newWorld();
    const plan = { ...planOf(change('web', 1)), to: 'v0.0.1' };
    await expect(execute(world, plan)).rejects.toMatchObject({
      code: 'E_PLAN_CHANGED',
      kind: 'refused',
    });
    expect(world.calls).toEqual([]);
  });

  it('tells its boundaries to whoever watches, in order', async () => {
    const world = newWorld();
    await execute(world, planOf(change('web', 1)));
    expect(world.events.map(({ type }) => type)).toEqual([
      'execution-started',
      'step-started',
      'step-intended',
      'step-applied',
      'step-ended',
      'execution-ended',
    ]);
  });
});

const broken = (message: string, more: object = {}) => ({
  apply: () =>
    Promise.reject(new BackoutError({ code: 'E_DEPLOY', message, remedy: 'Look.', ...more })),
});

const says = (confirmation: Confirmation) => ({ confirm: () => Promise.resolve(confirmation) });

describe('a step that', () => {
  /** Does nothing in the world by default: what the play says is all there is. */
  const cases: [string, Plays[string], string, RegExp][] = [
    ['fails', broken('The platform said no.'), 'failed', /E_DEPLOY: The platform said no/],
    ['works without effect', { apply: () => Promise.resolve() }, 'failed', /not changed/],
    [
      'throws and cannot be read back',
      { ...broken('No.'), confirm: () => Promise.reject(new Error('gone')) },
      'unknown',
      /could not be read back.*gone/,
    ],
    ['works and cannot be read back', { confirm: never }, 'unknown', /could not be read back/],
    [
      'is read back as unknown',
      says({ state: 'unknown', detail: 'It does not say.' }),
      'unknown',
      /does not say/,
    ],
    ['never ends and shows no effect', { apply: never }, 'unknown', /may still take effect/],
    [
      'gives up before its cap, and shows no effect yet',
      broken('It was not over after 5 min.', { kind: 'uncertain' }),
      'unknown',
      /not over after 5 min\. .*is not changed\. It may still take effect/,
    ],
    [
      'fails after it worked',
      { ...broken('Late no.'), ...says({ state: 'done', detail: 'It is live.' }) },
      'done',
      /It is live/,
    ],
    [
      'never ends but is proven done',
      { apply: never, ...says({ state: 'done', detail: 'It is live.' }) },
      'done',
      /It is live/,
    ],
  ];

  it.each(cases)('%s, is %3$s', async (_, play, outcome, said) => {
    const world = newWorld();
    const plan = planOf(change('web', 1), change('mail', 2));
    const result = await execute(world, plan, { plays: { web: play } });
    const [web, mail] = result.steps;
    expect(web?.result).toMatchObject({ outcome });
    expect(JSON.stringify(web?.result)).toMatch(said);
    const recorded = (await entriesOf(world)).filter(({ kind }) => kind === 'outcome');
    expect(recorded[0]?.data).toMatchObject({ step: 'web', outcome });
    // Nothing is done on top of something that is not proven.
    const goesOn = outcome === 'done';
    expect(mail?.result.outcome).toBe(goesOn ? 'done' : 'not-run');
    expect(world.calls.includes('apply mail')).toBe(goesOn);
    expect(result.outcome).toBe(outcome);
    expect(result.problems.length > 0).toBe(!goesOn);
  });

  it.each(cases)(
    '%s, but is not essential: the rest is done and the result partial',
    async (_, play, outcome) => {
      const world = newWorld();
      const plan = planOf(change('web', 1, { essential: false }), change('mail', 2));
      const result = await execute(world, plan, { plays: { web: play } });
      expect(outcomes(result)).toEqual([
        ['web', outcome],
        ['mail', 'done'],
      ]);
      expect(result.outcome).toBe(outcome === 'done' ? 'done' : 'partial');
    },
  );

  it('changes nothing cannot take effect later: it failed, however it ended', async () => {
    const world = newWorld();
    const untouched = says({ state: 'not-done', detail: 'It was not touched.' });
    const image = { ...broken('No answer.', { kind: 'uncertain' }), ...untouched };
    const plan = planOf(look('image', 1), change('web', 2));
    const result = await execute(world, plan, { plays: { image } });
    expect(outcomes(result)).toEqual([
      ['image', 'failed'],
      ['web', 'not-run'],
    ]);
  });

  it('is over its cap, is told so by its signal, and is waited for a little longer', async () => {
    const world = newWorld();
    const began = world.clock.now();
    let aborted: number | undefined;
    const apply = ({ signal }: { signal: AbortSignal }): Promise<void> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = world.clock.now() - began;
          reject(new Error('stopped'));
        });
      });
    const plan = planOf(change('web', 1, { cap_ms: 7_000 }));
    const result = await execute(world, plan, { plays: { web: { apply } } });
    expect(aborted).toBe(7_000);
    // It ended, and the real state says that nothing happened: that is known.
    expect(outcomes(result)).toEqual([['web', 'failed']]);
    expect(world.clock.now() - began).toBe(7_000);
  });

  it('ignores its signal costs its cap, the grace and the reading back, and no more', async () => {
    const world = newWorld();
    const began = world.clock.now();
    const plan = planOf(change('web', 1, { cap_ms: 7_000 }));
    const plays = { web: { apply: never, confirm: never } };
    const result = await execute(world, plan, { plays });
    expect(outcomes(result)).toEqual([['web', 'unknown']]);
    expect(world.clock.now() - began).toBe(7_000 + 3_000 + 5_000);
    expect(world.clock.sleeping()).toBe(0);
  });
});

const failing = (times: number, world: World, retryable = true): Plays => {
  let tries = 0;
  return {
    web: {
      apply: () => {
        tries += 1;
        if (tries <= times) return Promise.reject(unreachable(retryable));
        world.effects.push('web');
        return Promise.resolve();
      },
    },
  };
};

describe('a call that may work later', () => {
  it.each([
    [1, true, 2, 'done'],
    [2, true, 3, 'done'],
    [3, true, 3, 'failed'],
    [1, false, 1, 'failed'],
  ])('fails %d times (retryable: %s): %d tries, %s', async (times, retryable, tries, outcome) => {
    const world = newWorld();
    const plays = failing(times, world, retryable);
    const result = await execute(world, planOf(change('web', 1)), { plays });
    expect(world.calls.filter((call) => call === 'apply web')).toHaveLength(tries);
    expect(outcomes(result)).toEqual([['web', outcome]]);
    // One attempt, whatever happened inside: one intent and one outcome.
    const kinds = (await entriesOf(world)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'intent')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'outcome')).toHaveLength(1);
  });

  it.each([
    [0, 300],
    [0.5, 600],
    [0.999_999, 900],
  ])('waits between tries, with jitter %d about %d ms in all', async (random, expected) => {
    const world = newWorld();
    const began = world.clock.now();
    await execute(world, planOf(change('web', 1)), {
      plays: failing(3, world),
      ports: { ids: sequentialIds(random) },
    });
    expect(Math.round(world.clock.now() - began)).toBe(expected);
  });

  it('is not tried past the cap of its step', async () => {
    const world = newWorld();
    const began = world.clock.now();
    const plan = planOf(change('web', 1, { cap_ms: 250 }));
    const result = await execute(world, plan, { plays: failing(9, world) });
    expect(world.calls.filter((call) => call === 'apply web')).toHaveLength(2);
    expect(world.clock.now() - began).toBe(250);
    expect(outcomes(result)).toEqual([['web', 'failed']]);
  });

  it.each<[Step['action'], number]>([
    [{ kind: 'engage-override', expect: [] }, 3],
    [{ kind: 'trip-breakers', providers: [] }, 1],
    [{ kind: 'prove-flags' }, 1],
  ])('of %j is tried %d times: Redis has its own tries', async (action, tries) => {
    const world = newWorld();
    const plays = { [action.kind]: { apply: () => Promise.reject(unreachable()) } };
    await execute(world, planOf(change('x', 1, { action })), { plays });
    expect(world.calls.filter((call) => call.startsWith('apply'))).toHaveLength(tries);
  });
});
