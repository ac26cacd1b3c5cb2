import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { watchBudget } from '../../src/operations/budget.ts';
import { runCapped } from '../../src/operations/cap.ts';
import { within } from '../../src/ports/clock.ts';
import { fakeClock, NIGHT } from '../support/fake-clock.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('work under a cap', () => {
  it.each<[string, number, object]>([
    ['well within it', 1, { ended: true, value: 'x' }],
    ['just before it', 999, { ended: true, value: 'x' }],
    ['after it, within the grace', 1_500, { ended: true, value: 'x' }],
    ['after the grace', 2_001, { ended: false }],
  ])('that ends %s (%d ms)', async (_, ms, expected) => {
    const clock = fakeClock();
    const capped = runCapped(clock, 1_000, () => clock.sleep(ms).then(() => 'x'), 1_000);
    expect(await clock.run(capped)).toEqual(expected);
    await clock.advance(10_000);
    expect(clock.sleeping()).toBe(0);
  });

  it.each([500, 1_500])('that fails after %d ms is over, and says why', async (ms) => {
    const clock = fakeClock();
    const error = new Error('broken');
    const work = () => clock.sleep(ms).then(() => Promise.reject(error));
    expect(await clock.run(runCapped(clock, 1_000, work))).toEqual({ ended: true, error });
  });

  it('is told at the cap, and leaves no timer behind', async () => {
    const clock = fakeClock();
    let signal: AbortSignal | undefined;
    const capped = runCapped(clock, 1_000, (given) => {
      signal = given;
      return never();
    });
    await clock.advance(999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(signal?.reason).toMatchObject({ code: 'E_TIMEOUT', kind: 'uncertain' });
    expect(await clock.run(capped)).toEqual({ ended: false });
    // 3 s is what a program that ignores its first signal needs to be ended.
    expect(clock.now() - NIGHT).toBe(4_000);
    expect(clock.sleeping()).toBe(0);
  });

  it('that fails after nobody waits any more disturbs nobody', async () => {
    const clock = fakeClock();
    const work = () => clock.sleep(9_000).then(() => Promise.reject(new Error('late')));
    expect(await clock.run(runCapped(clock, 10, work, 10))).toEqual({ ended: false });
    await clock.advance(10_000);
  });
});

describe('a question under a cap', () => {
  it('gives the answer, the error, or that there was no answer', async () => {
    const clock = fakeClock();
    expect(await clock.run(within(clock, 1_000, () => Promise.resolve(7)))).toBe(7);
    const failing = within(clock, 1_000, () => Promise.reject(new Error('no')));
    await expect(clock.run(failing)).rejects.toThrow('no');
    const began = clock.now();
    await expect(clock.run(within(clock, 1_000, never))).rejects.toMatchObject({
      code: 'E_TIMEOUT',
      kind: 'uncertain',
      retryable: true,
    });
    expect(clock.now() - began).toBe(1_000);
  });
});

describe('the clock of a budget', () => {
  it.each<[number, [number, boolean][]]>([
    [7_999, []],
    [8_000, [[8_000, false]]],
    [
      60_000,
      [
        [8_000, false],
        [10_000, true],
      ],
    ],
  ])('stopped after %d ms has told %j', async (ms, expected) => {
    const clock = fakeClock();
    const events: ProgressEvent[] = [];
    const recorded: string[] = [];
    const watch = watchBudget(
      { clock, observe: (event) => events.push(event) },
      {
        startedAt: clock.now(),
        budgetMs: 10_000,
        record: async (_, text) => {
          recorded.push(text);
          // What the record does must not keep the clock from going on.
          throw new Error('journal down');
        },
      },
    );
    await clock.advance(ms);
    watch.stop();
    await clock.advance(60_000);
    const told = events.flatMap((event) =>
      event.type === 'budget' ? [[event.elapsed_ms, event.exceeded]] : [],
    );
    expect(told).toEqual(expected);
    expect(recorded).toHaveLength(expected.length);
    expect(clock.sleeping()).toBe(0);
  });
});
