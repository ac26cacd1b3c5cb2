/** Whoever is refused for coming too fast waits before it comes again. */

import { beforeEach, expect, it } from 'vitest';
import { randomIds } from '../../../src/adapters/random-ids.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { lambdaFixture } from '../../support/aws-lambda.ts';
import { throttle } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../../support/aws-server.ts';
import { fleetFixture, requireFlock } from '../../support/aws-ssm.ts';

beforeEach(requireAws, AWS_SETUP_MS);

const GOOD = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const guard = { fence: 1, incident: 'incident1', signal: new AbortController().signal };

it('as long as AWS asks for in its answer', async () => {
  await using at = await lambdaFixture();
  await at.publish(GOOD);
  at.proxy.use(throttle('UpdateAlias', 1, { 'retry-after': '1' }));
  await at.target.apply(GOOD, guard);
  const [first, second] = at.proxy.calls.filter(({ operation }) => operation === 'UpdateAlias');
  // A little less, because the clocks of two timers are read at different moments.
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(950);
});

it('longer every time where we repeat the call ourselves, and not for ever', async (context) => {
  await requireFlock(context);
  const pauses: number[] = [];
  const clock = {
    ...systemClock,
    sleep(ms: number) {
      pauses.push(ms);
      return Promise.resolve();
    },
  };
  await using at = await fleetFixture(1, { clock, ids: { ...randomIds, random: () => 0.5 } });
  await at.publish(GOOD);
  at.proxy.use(throttle('SendCommand', 99));
  await expect(at.target.apply(GOOD, guard)).rejects.toMatchObject({ retryable: true });
  expect(pauses).toEqual([500, 1_000, 2_000]);
  expect(at.proxy.inputs('SendCommand')).toHaveLength(4);
});
