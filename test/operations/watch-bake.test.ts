import { expect, test } from 'vitest';
import { memoryCheck } from '../../src/adapters/memory/check.ts';
import type { Verdict } from '../../src/model/verdict.ts';
import { watchBake } from '../../src/operations/watch-bake.ts';
import type { Check } from '../../src/ports/checks.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';

const MINUTE_MS = 60_000;
const calm = { base: {}, safe: {}, overrides: [] };

/** A bake of ten minutes with a round every minute; the last answer is repeated. */
async function bake(answers: Verdict[], { clock = fakeClock(), ms = 10 * MINUTE_MS } = {}) {
  let asked = 0;
  const verdict = (): Verdict | undefined => answers[Math.min(asked++, answers.length - 1)];
  const checks = answers.length === 0 ? [] : [memoryCheck({ name: 'health', clock, verdict })];
  const rounds: Verdict[] = [];
  const started = clock.now();
  const result = await clock.run(
    watchBake(
      { clock, checks, flags: { read: () => Promise.resolve(calm) } },
      {
        stage: 't+10',
        until: started + ms,
        everyMs: MINUTE_MS,
        slowestMs: 15_000,
        signal: new AbortController().signal,
        onRound: (round) => rounds.push(round.result.verdict),
      },
    ),
  );
  return {
    verdict: result.verdict,
    result,
    rounds,
    asked,
    minutes: (clock.now() - started) / MINUTE_MS,
  };
}

const good = (count: number): Verdict[] => Array.from({ length: count }, () => 'passed');

test('Good in every round, to the end: passed.', async () => {
  expect(await bake(['passed'])).toMatchObject({ verdict: 'passed', asked: 11, minutes: 10 });
});

test('A failed round ends it at once, however good the rounds before were.', async () => {
  const { verdict, minutes, result } = await bake([...good(3), 'failed', 'passed']);
  expect({ verdict, minutes }).toEqual({ verdict: 'failed', minutes: 3 });
  expect(result.measurements[0]?.reason).toMatch(/^Round 4 of 4: /);
});

test.each(['inconclusive', 'error'] as const)(
  'One %s answer in the middle is asked again at once, and forgotten when that is good.',
  async (blip) => {
    const { verdict, rounds } = await bake([...good(4), blip, 'passed']);
    expect(verdict).toBe('passed');
    expect(rounds).toEqual(good(11));
  },
);

test.each(['inconclusive', 'error'] as const)(
  'A round that is %s twice counts: it goes on to the end, and cannot pass any more.',
  async (gap) => {
    const { verdict, minutes } = await bake([...good(4), gap, gap, 'passed']);
    expect({ verdict, minutes }).toEqual({ verdict: gap, minutes: 10 });
  },
);

test('A failure after a gap is worth more than the gap.', async () => {
  expect(await bake(['error', 'error', 'passed', 'failed'])).toMatchObject({ verdict: 'failed' });
});

test('Without any check it is inconclusive, not passed.', async () => {
  expect(await bake([])).toMatchObject({ verdict: 'inconclusive' });
});

test('Its time being over already, it looks once.', async () => {
  expect(await bake(['passed'], { ms: 0 })).toMatchObject({ verdict: 'passed', asked: 1 });
  expect(await bake(['passed'], { ms: -MINUTE_MS })).toMatchObject({ verdict: 'passed', asked: 1 });
});

test('Time in which nobody watched is no good time.', async () => {
  const slow = fakeClock();
  let slept = 0;
  const clock: FakeClock = {
    ...slow,
    async sleep(ms, signal) {
      await slow.sleep(ms, signal);
      slept += 1;
      // The laptop was shut in the third pause.
      if (slept === 3) await slow.sleep(5 * MINUTE_MS, signal);
    },
  };
  const { verdict, result } = await bake(['passed'], { clock });
  expect(verdict).toBe('inconclusive');
  expect(result.measurements.map(({ check }) => check)).toContain('watching');
});

test('A process that was stopped in the middle of a round has not watched either.', async () => {
  const clock = fakeClock();
  let asked = 0;
  const health = memoryCheck({ name: 'health', clock });
  const read = async () => {
    asked += 1;
    // Stopped after it began its round, and before the service was asked.
    if (asked === 3) await clock.sleep(5 * MINUTE_MS);
    return calm;
  };
  const result = await clock.run(
    watchBake(
      { clock, checks: [health], flags: { read } },
      {
        stage: 't+10',
        until: clock.now() + 10 * MINUTE_MS,
        everyMs: MINUTE_MS,
        slowestMs: 15_000,
        signal: new AbortController().signal,
      },
    ),
  );
  expect(result.verdict).toBe('inconclusive');
  expect(result.measurements.map(({ check }) => check)).toContain('watching');
});

test('One slow check is no time in which nobody watched.', async () => {
  const clock = fakeClock();
  const slow: Check = {
    name: 'slow',
    stages: ['t+10'],
    async run() {
      const from = clock.now();
      await clock.sleep(4 * MINUTE_MS);
      const at = new Date(clock.now()).toISOString();
      const took = clock.now() - from;
      return { check: 'slow', verdict: 'passed', reason: 'It is well.', duration_ms: took, at };
    },
  };
  const result = await clock.run(
    watchBake(
      { clock, checks: [slow], flags: { read: () => Promise.resolve(calm) } },
      {
        stage: 't+10',
        until: clock.now() + 10 * MINUTE_MS,
        everyMs: MINUTE_MS,
        slowestMs: 4 * MINUTE_MS,
        signal: new AbortController().signal,
      },
    ),
  );
  expect(result.verdict).toBe('passed');
});

test('A process that was stopped between two answers of one round has not watched either.', async () => {
  const clock = fakeClock();
  const health = memoryCheck({ name: 'health', clock });
  let rounds = 0;
  const flags: Check = {
    name: 'flags',
    stages: ['t+10'],
    async run() {
      rounds += 1;
      const from = clock.now();
      // The other check has answered already; this one's answer waits until we are continued.
      if (rounds === 3) await clock.sleep(2 * MINUTE_MS);
      const at = new Date(clock.now()).toISOString();
      const took = clock.now() - from;
      return { check: 'flags', verdict: 'passed', reason: 'They are.', duration_ms: took, at };
    },
  };
  const result = await clock.run(
    watchBake(
      { clock, checks: [health, flags], flags: { read: () => Promise.resolve(calm) } },
      {
        stage: 't+10',
        until: clock.now() + 10 * MINUTE_MS,
        everyMs: MINUTE_MS,
        slowestMs: 15_000,
        signal: new AbortController().signal,
      },
    ),
  );
  expect(result.verdict).toBe('inconclusive');
  expect(rounds).toBe(3);
});
