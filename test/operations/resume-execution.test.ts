import { describe, expect, it } from 'vitest';
import type { ExecutionResult } from '../../src/model/execution.ts';
import { verifyChain } from '../../src/model/journal.ts';
import type { Plan } from '../../src/model/plan.ts';
import { executePlan, type ExecutionPorts } from '../../src/operations/execute-plan.ts';
import type { Confirmation } from '../../src/operations/step-handler.ts';
import { sequentialIds } from '../support/memory-ports.ts';
import {
  change,
  entriesOf,
  execute,
  INCIDENT,
  look,
  newWorld,
  outcomes,
  planOf,
  portsOf,
  type World,
} from './execution-support.ts';

const never = (): Promise<never> => new Promise(() => undefined);

/** Every kind of neighbourhood: alone, side by side, essential or not. */
const plan = planOf(
  look('image', 1),
  change('web', 2),
  change('record', 3, { essential: false }),
  change('hold', 3, { essential: false }),
  look('health', 4),
);

interface Life {
  result: ExecutionResult | 'died';
  /** How many moments at which it could have died it lived through. */
  moments: number;
}

/**
 * A process that dies at its n-th moment: before or after an entry is stored, before or after an
 * effect, before it is read back. From then on nothing of it comes back, not even from a wait.
 */
async function live(
  world: World,
  executor: string,
  dieAt = Number.POSITIVE_INFINITY,
): Promise<Life> {
  let moments = 0;
  const death = Promise.withResolvers<'died'>();
  const moment = async (): Promise<void> => {
    moments += 1;
    if (moments === dieAt) death.resolve('died');
    if (moments >= dieAt) await never();
  };
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    await moment();
    const value = await work();
    await moment();
    return value;
  };
  const whole = portsOf(world);
  const ids = sequentialIds();
  const ports: ExecutionPorts = {
    ...whole,
    ids: { ...ids, next: () => `${executor}-${ids.next()}` },
    clock: {
      now: () => world.clock.now(),
      async sleep(ms, signal) {
        await world.clock.sleep(ms, signal);
        if (moments >= dieAt) await never();
      },
    },
    journal: { ...whole.journal, append: (entry) => around(() => whole.journal.append(entry)) },
    handlerFor(action) {
      const handler = whole.handlerFor(action);
      return {
        apply: (context) => around(() => handler.apply(context)),
        confirm: async (context) => {
          await moment();
          return await handler.confirm(context);
        },
      };
    },
  };
  const executing = executePlan(ports, {
    id: 'execution1',
    incident: INCIDENT,
    plan,
    actor: executor,
    reason: 'error rate 21 %',
    rule: 'manual',
    entries: await entriesOf(world),
    journalRequired: true,
  });
  return { result: await world.clock.run(Promise.race([executing, death.promise])), moments };
}

/** What is wrong after all: everything has to be done, once, and on record so. */
async function faults(world: World, result: Life['result'], when: string): Promise<string[]> {
  const entries = await entriesOf(world);
  const changes = world.effects.filter((name) => name !== 'image' && name !== 'health');
  const intents = entries.filter(({ kind }) => kind === 'intent').map(({ key }) => key);
  const found = {
    'it is not done': result === 'died' || result.outcome !== 'done' || result.problems.length > 0,
    'an effect is missing or there twice': changes.toSorted().join() !== 'hold,record,web',
    'the chain is broken': !verifyChain(entries).intact,
    'an attempt has two intents': new Set(intents).size < intents.length,
    'a step is not recorded as done': plan.steps.some(({ id }) => {
      const last = entries.findLast(({ data }) => data['step'] === id);
      return last?.kind !== 'outcome' || last.data['outcome'] !== 'done';
    }),
  };
  return Object.entries(found).flatMap(([what, is]) => (is ? [`${when}: ${what}`] : []));
}

describe('an execution whose process dies', () => {
  it('at any moment is finished by the next one, without doing anything twice', async () => {
    const { moments } = await live(newWorld(), 'undisturbed');
    expect(moments).toBeGreaterThan(30);
    const found: string[] = [];
    for (let dieAt = 1; dieAt <= moments; dieAt += 1) {
      const world = newWorld();
      expect((await live(world, 'first', dieAt)).result).toBe('died');
      const { result } = await live(world, 'second');
      found.push(...(await faults(world, result, `died at ${dieAt}`)));
    }
    expect(found).toEqual([]);
  });

  it('and whose successor dies too is finished by the third', async () => {
    const { moments } = await live(newWorld(), 'undisturbed');
    const found: string[] = [];
    for (let first = 1; first <= moments; first += 1) {
      for (let second = 1; second <= moments; second += 3) {
        const world = newWorld();
        await live(world, 'first', first);
        const { result: again } = await live(world, 'second', second);
        const { result } = again === 'died' ? await live(world, 'third') : { result: again };
        found.push(...(await faults(world, result, `died at ${first}, then at ${second}`)));
      }
    }
    expect(found).toEqual([]);
  });

  it('after its end is not done again: the steps are taken from the record', async () => {
    const world = newWorld();
    const first = await live(world, 'first');
    const before = [...world.calls];
    const second = await live(world, 'second');
    expect(world.calls.slice(before.length)).toEqual(['execution-started', 'execution-ended']);
    expect(outcomes(second.result as ExecutionResult)).toEqual(
      outcomes(first.result as ExecutionResult),
    );
    const replayed = world.events.filter((event) => event.type === 'step-ended' && event.replayed);
    expect(replayed).toHaveLength(plan.steps.length);
  });
});

const intended = async (world: World, attempt = 1): Promise<void> => {
  await world.journal.append({
    service: 'storefront',
    environment: 'production',
    incident: INCIDENT,
    key: `${INCIDENT}/execution1/web/${attempt}/intent`,
    kind: 'intent',
    at: new Date(world.clock.now()).toISOString(),
    actor: 'lee',
    text: 'Will change web.',
    data: { execution: 'execution1', step: 'web', attempt, executor: 'another' },
  });
};
const read = (confirmation: Confirmation) => ({
  web: { confirm: () => Promise.resolve(confirmation) },
});

describe('an interrupted step', () => {
  const one: Plan = planOf(change('web', 1), change('mail', 2));
  it('that cannot be read back is not applied again: it stays unknown', async () => {
    const world = newWorld();
    await intended(world);
    const plays = read({ state: 'unknown', detail: 'It does not say.' });
    for (let again = 0; again < 3; again += 1) {
      const result = await execute(world, one, { plays });
      expect(outcomes(result)).toEqual([
        ['web', 'unknown'],
        ['mail', 'not-run'],
      ]);
      expect(result.outcome).toBe('unknown');
      await world.clock.advance(60_000);
    }
    expect(world.effects).toEqual([]);
    // As soon as it says something, the execution goes on from there.
    const told = await execute(world, one);
    expect(told.outcome).toBe('done');
    expect(world.effects).toEqual(['web', 'mail']);
  });

  it('that is read back as done is recorded so, and not applied', async () => {
    const world = newWorld();
    await intended(world);
    world.effects.push('web');
    const result = await execute(world, one);
    expect(result.outcome).toBe('done');
    expect(world.calls).not.toContain('apply web');
    const outcome = (await entriesOf(world)).find(({ kind }) => kind === 'outcome');
    expect(outcome?.text).toContain('read back after an interruption');
  });

  it('that is read back as not done is applied, as another attempt', async () => {
    const world = newWorld();
    await intended(world);
    const result = await execute(world, one);
    expect(result.outcome).toBe('done');
    const intents = (await entriesOf(world)).filter(
      ({ kind, data }) => kind === 'intent' && data['step'] === 'web',
    );
    expect(intents.map(({ data }) => data['attempt'])).toEqual([1, 2]);
  });

  it.each<[string, object]>([
    ['of a later version', { outcome: 'splendid' }],
    ['without a proof', { outcome: 'done' }],
    ['that is no word', { outcome: 7 }],
  ])('whose outcome is not understood (%s) is read back', async (_, said) => {
    const world = newWorld();
    await intended(world);
    world.effects.push('web');
    await world.journal.append({
      service: 'storefront',
      environment: 'production',
      incident: INCIDENT,
      key: `${INCIDENT}/execution1/web/1/outcome`,
      kind: 'outcome',
      at: new Date(world.clock.now()).toISOString(),
      actor: 'lee',
      text: 'Something.',
      data: { execution: 'execution1', step: 'web', attempt: 1, ...said },
    });
    const result = await execute(world, one);
    expect(result.outcome).toBe('done');
    expect(world.calls).toContain('confirm web');
    expect(world.effects).toEqual(['web', 'mail']);
  });

  it('that somebody else began at the same moment is theirs: refused, nothing applied', async () => {
    const world = newWorld();
    const entries = await entriesOf(world);
    await intended(world);
    // This process read the journal before that.
    const result = await execute(world, one, { request: { entries } });
    expect(result.outcome).toBe('refused');
    expect(result.problems.join()).toContain('E_JOURNAL_CONFLICT');
    expect(world.effects).toEqual([]);
  });
});
