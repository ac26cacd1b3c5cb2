import { expect, test } from 'vitest';
import { longestMetricCheck, metricCheck } from '../../../src/operations/checks/metric.ts';
import { fakeClock } from '../../support/fake-clock.ts';

type Answer = number | undefined | 'broken';
const RHYTHM = { everyMs: 15_000, consecutive: 3, failureLimit: 1, timeoutMs: 5_000 };

/** Asks with the given answers, the last of which is repeated. */
async function measure(answers: Answer[], safeState = false, recovering = false) {
  const clock = fakeClock();
  let asked = 0;
  const check = metricCheck({
    ...RHYTHM,
    name: 'errors',
    stages: ['t+10'],
    source: {
      signal: 'error_rate',
      unit: 'ratio',
      read() {
        const answer = answers[Math.min(asked, answers.length - 1)];
        asked += 1;
        if (answer === 'broken') return Promise.reject(new Error('the source is away'));
        return Promise.resolve(answer);
      },
    },
    expect: { below: 0.01 },
    underSafeState: { expect: { below: 0.05 } },
    clock,
  });
  const { signal } = new AbortController();
  const answer = await clock.run(check.run({ safeState, recovering, signal }));
  return { verdict: answer?.verdict, reason: answer?.reason, ms: answer?.duration_ms, asked };
}

test.each<[what: string, answers: Answer[], verdict: string, asked: number]>([
  ['good from the start', [0.001], 'passed', 3],
  ['a bad one that is forgiven, then good', [0.5, 0.001], 'passed', 4],
  ['a bad one that breaks the row', [0.001, 0.001, 0.5, 0.001], 'passed', 6],
  ['more bad ones than are forgiven', [0.5, 0.001, 0.001, 0.5], 'failed', 4],
  ['always bad', [0.5], 'failed', 2],
  ['never any data', [undefined], 'inconclusive', 2],
  ['a gap that is forgiven, then good', [undefined, 0.001], 'passed', 4],
  [
    'one bad and one without data: too little to say that it failed',
    [0.5, undefined],
    'inconclusive',
    2,
  ],
  ['a source that is away', ['broken'], 'error', 2],
  ['one bad, then a source that is away', [0.5, 'broken'], 'error', 2],
  ['exactly at the bound, which is not below it', [0.01], 'failed', 2],
  ['zero, which is a value', [0], 'passed', 3],
])('%s', async (_what, answers, verdict, asked) => {
  expect(await measure(answers)).toMatchObject({ verdict, asked });
});

test('It waits between two measurements, by the clock that it was given.', async () => {
  expect(await measure([0.001])).toMatchObject({ ms: 2 * RHYTHM.everyMs });
});

test('What was measured and what was expected stand in the reason.', async () => {
  const { reason } = await measure([0.034]);
  expect(reason).toBe('error_rate is 3.4 %, expected below 1 % (2 times).');
});

test('The safe state has its own bounds; while breakers come back, either is good.', async () => {
  expect(await measure([0.03])).toMatchObject({ verdict: 'failed' });
  expect(await measure([0.03], true)).toMatchObject({ verdict: 'passed' });
  expect(await measure([0.03, 0.004], true, true)).toMatchObject({ verdict: 'passed' });
});

test('No order of answers makes it last longer than it says it can.', async () => {
  const longest = longestMetricCheck(RHYTHM);
  for (const answers of [[0.001, 0.001, 0.5, 0.001, 0.001, 0.001], [0.5, 0.001], [0.001]]) {
    expect((await measure(answers)).ms).toBeLessThanOrEqual(longest);
  }
});

test('Stopped while it waits, it says nothing about the service.', async () => {
  const clock = fakeClock();
  const abort = new AbortController();
  const check = metricCheck({
    ...RHYTHM,
    name: 'errors',
    stages: ['now'],
    source: { signal: 'error_rate', unit: 'ratio', read: () => Promise.resolve(0) },
    expect: { below: 0.01 },
    clock,
  });
  const running = check.run({ safeState: false, signal: abort.signal });
  await clock.advance(1_000);
  abort.abort(new Error('enough'));
  expect(await running).toMatchObject({ verdict: 'error' });
});
