import { expect, test } from 'vitest';
import { judgeInnocence } from '../../src/model/innocence.ts';

type Numbers = Record<string, number>;
const calm = { error_rate: 0.001, latency_p95: 120, payment_success: 0.98 };
const ill = { error_rate: 0.2, latency_p95: 130, payment_success: 0.97 };

test.each<
  [
    what: string,
    before: Numbers | undefined,
    during: Numbers | undefined,
    after: Numbers,
    verdict: string,
  ]
>([
  ['errors went away', calm, ill, calm, 'probably-the-cause'],
  [
    'errors went away, and nobody knows how it was before',
    undefined,
    ill,
    calm,
    'probably-the-cause',
  ],
  ['errors are as before', calm, ill, ill, 'probably-not-the-cause'],
  ['errors became worse', calm, ill, { ...ill, error_rate: 0.3 }, 'probably-not-the-cause'],
  ['errors are as before, past unknown', undefined, ill, ill, 'probably-not-the-cause'],
  [
    'errors are fewer by less than noise',
    calm,
    ill,
    { ...ill, error_rate: 0.198 },
    'probably-not-the-cause',
  ],
  [
    'payments still fail',
    calm,
    { payment_success: 0.5 },
    { payment_success: 0.5 },
    'probably-not-the-cause',
  ],
  [
    'payments work again',
    calm,
    { payment_success: 0.5 },
    { payment_success: 0.99 },
    'probably-the-cause',
  ],
  ['nothing was off', calm, calm, calm, 'cannot-tell'],
  ['it was always like this', ill, ill, ill, 'cannot-tell'],
  ['nothing was measured before', calm, undefined, ill, 'cannot-tell'],
  ['nothing can be measured now', calm, ill, {}, 'cannot-tell'],
  ['only a signal whose direction nobody knows', {}, { queue: 900 }, { queue: 900 }, 'cannot-tell'],
])('%s', (_what, before, during, after, verdict) => {
  expect(judgeInnocence(before, during, after)).toMatchObject({ verdict });
});

test('What is still off is said with all three numbers.', () => {
  const { still_off } = judgeInnocence(calm, ill, { ...calm, error_rate: 0.19 });
  expect(still_off).toEqual([
    'error_rate is 19 %, was 20 % before the rollback and 0.1 % before the release',
  ]);
});
