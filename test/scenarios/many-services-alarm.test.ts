/**
 * 200 services of one account alarm in the same minute. AWS lets an account write about ten
 * parameters per second (with higher throughput) and read 40, and refuses what is more.
 */

import { SSMClient } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { clientSettings } from '../../src/adapters/aws/clients.ts';
import { ssmFlags } from '../../src/adapters/aws/ssm-flags.ts';
import { ssmParameters } from '../../src/adapters/aws/ssm-parameters.ts';
import { PATIENCE, withRetries } from '../../src/adapters/aws/ssm-retry.ts';
import { randomIds } from '../../src/adapters/random-ids.ts';
import { parameterPaths } from '../../src/config/resource-names.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { safeOverride, seededRandom } from '../contracts/flags.contract.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '../support/aws-lambda.ts';
import { startAwsProxy } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, awsUrl, loadServices, requireAws } from '../support/aws-server.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { limitCalls, tokenBucket } from '../support/token-bucket.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';

const SERVICES = 200;
const WRITES = 10;
const READS = 40;
const BUDGET_MS = 30_000;
/** The test over the wire plays so many times as fast, with all limits and pauses. */
const SPEED = 4;

const tooFast = Object.assign(new Error('Rate exceeded'), {
  name: 'ThrottlingException',
  $metadata: { httpStatusCode: 400 },
});

/** When each of so many callers got through, in milliseconds, or gave up. */
async function callersAt(rate: number, seed: number): Promise<{ done: number[]; gaveUp: number }> {
  const clock = fakeClock();
  const start = clock.now();
  const random = seededRandom(seed);
  const take = tokenBucket(rate, () => clock.now());
  const done: number[] = [];
  let gaveUp = 0;
  await clock.run(
    Promise.all(
      Array.from({ length: SERVICES }, async () => {
        try {
          await withRetries({ clock, ids: { random }, patience: PATIENCE }, async () => {
            if (!take()) throw tooFast;
          });
          done.push(clock.now() - start);
        } catch {
          gaveUp += 1;
        }
      }),
    ),
  );
  return { done, gaveUp };
}

describe('200 callers at ten writes per second', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('all get through within the budget (seed %i)', async (seed) => {
    const { done, gaveUp } = await callersAt(WRITES, seed);
    expect(gaveUp).toBe(0);
    expect(done).toHaveLength(SERVICES);
    expect(Math.max(...done)).toBeLessThan(BUDGET_MS);
    // The pauses leave nothing unused: 200 at 10 per second, the first second's at once.
    expect(Math.max(...done)).toBeLessThan(24_000);
  });

  it('at three writes per second they cannot, which `backout check` says beforehand', async () => {
    const { done, gaveUp } = await callersAt(3, 1);
    expect(gaveUp).toBeGreaterThan(100);
    expect(Math.max(...done)).toBeLessThan(BUDGET_MS);
  });
});

describe('200 services over the wire', () => {
  beforeEach(requireAws, AWS_SETUP_MS);
  beforeEach(() => loadServices('ssm'), AWS_SETUP_MS);

  it('are all safe within 30 s, with one write each', async () => {
    const fast: Clock = {
      now: () => systemClock.now() * SPEED,
      sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
    };
    // The machine is as slow as ever, so an answer may take as long as ever.
    const patience = {
      ...PATIENCE,
      call: PATIENCE.call * SPEED,
      unanswered: PATIENCE.unanswered * SPEED,
    };
    await using resources = new AsyncDisposableStack();
    const proxy = resources.use(await startAwsProxy({ upstream: awsUrl() }));
    proxy.use(limitCalls({ PutParameter: WRITES, GetParameters: READS }, () => fast.now()));
    const clients = Array.from({ length: 10 }, () => {
      const place = {
        region: TEST_REGION,
        endpoint: proxy.url,
        credentials: TEST_CREDENTIALS,
        tries: 1,
      };
      const client = new SSMClient(clientSettings(place));
      resources.defer(() => client.destroy());
      return client;
    });
    const prefix = `/t${randomIds.next()}`;
    const started = fast.now();
    const times = await Promise.all(
      Array.from({ length: SERVICES }, async (_, index) => {
        const client = clients[index % clients.length] ?? clients[0];
        if (client === undefined) throw new Error('There is no client.');
        const calls = ssmParameters({ client, clock: fast, ids: randomIds, patience });
        const scope = { service: `service${index}`, environment: 'production' };
        const flags = ssmFlags({ calls, paths: parameterPaths(prefix, scope) });
        expect(await flags.engage(safeOverride(1))).toEqual({ changed: true });
        return fast.now() - started;
      }),
    );
    expect(Math.max(...times)).toBeLessThan(BUDGET_MS);
    expect(proxy.carriedOut('PutParameter')).toHaveLength(SERVICES);
    expect(proxy.inputs('PutParameter').length).toBeGreaterThan(SERVICES);
    const names = proxy.carriedOut('PutParameter').map(({ Name }) => Name);
    expect(new Set(names).size).toBe(SERVICES);
  }, 60_000);
});
