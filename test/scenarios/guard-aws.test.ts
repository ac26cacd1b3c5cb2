/** The guard over the API of AWS: what it reads, what it tells, and that it only reads. */

import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { beforeEach, expect, test } from 'vitest';
import { changesInTrail, isSameResource } from '../../src/adapters/aws/cloudtrail.ts';
import { clientSettings } from '../../src/adapters/aws/clients.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { guardPorts } from '../../src/operations/guard-ports.ts';
import { lookAtReleases } from '../../src/operations/guard-releases.ts';
import { newMemory } from '../../src/operations/guard-situation.ts';
import { answerLookups, trailEvent } from '../support/aws-cloudtrail.ts';
import { ecsFixture } from '../support/aws-ecs.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '../support/aws-lambda.ts';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';
import { B, C, openSite, SCOPE } from '../support/memory-ports.ts';

beforeEach(requireAws, AWS_SETUP_MS);

test('A held release that a pipeline gave to an ECS service again is told with who did it.', async () => {
  await using at = await ecsFixture();
  const good = await at.publish(B);
  const bad = await at.publish(C);
  const site = await openSite();
  const since = new Date(site.clock.now()).toISOString();
  await site.ports.releases.record(SCOPE, { ...B, at: since });
  await site.ports.releases.hold(SCOPE, C.tag, { reason: 'orders fail', by: 'kim', at: since });
  const parameters = { cluster: at.service, service: at.service };
  at.proxy.use(answerLookups([trailEvent(60, { parameters })]));
  using client = {
    trail: new CloudTrailClient(
      clientSettings({
        region: TEST_REGION,
        credentials: TEST_CREDENTIALS,
        endpoint: at.proxy.url,
      }),
    ),
    [Symbol.dispose]() {
      this.trail.destroy();
    },
  };
  const trailed = {
    client: client.trail,
    event: 'UpdateService',
    isIt: ({ service }: Readonly<Record<string, unknown>>) => isSameResource(service, at.service),
  };
  const ports = {
    ...guardPorts({ ...site.ports, clock: systemClock, targets: [at.target] }),
    history: [
      {
        name: 'CloudTrail',
        changes: (question: { since: string }, signal: AbortSignal) =>
          changesInTrail(trailed, question, signal),
      },
    ],
  };
  const look = () => lookAtReleases(ports, newMemory());

  await at.deployedBySomebodyElse(good);
  at.rollouts.settle(good, 4);
  at.proxy.calls.length = 0;
  expect((await look()).findings).toMatchObject([{ kind: 'fine', target: 'api', tag: B.tag }]);

  await at.deployedBySomebodyElse(bad);
  for (let looks = 0; looks < 3; looks += 1) {
    expect((await look()).findings).toMatchObject([{ kind: 'held-release-back', tag: C.tag }]);
  }
  expect(site.messenger.sent.map(({ code }) => code)).toEqual(['held-release-back']);
  const told = site.messenger.sent[0]?.lines.join('\n');
  expect(told).toContain(
    'by arn:aws:sts::123456789012:assumed-role/chef/node-7 at 2026-11-23T16:00',
  );
  expect(told).toMatch(/api itself: deployment ecs-svc\/\d+ of task definition \S+/);
  const writes = at.proxy.calls.filter(({ operation }) => !/^(Describe|Lookup)/.test(operation));
  expect(writes).toEqual([]);
  expect(at.changes()).toEqual([]);
});
