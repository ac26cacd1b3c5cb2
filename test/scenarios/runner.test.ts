/** The function that rolls back when no workflow does, over the API of AWS; and the run that comes late. */

import { beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { memoryLeases } from '../../src/adapters/memory/leases.ts';
import type { HandOverRequest } from '../../src/model/hand-over.ts';
import { openIncident } from '../../src/operations/incidents.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { requestRollback } from '../../src/operations/request-rollback.ts';
import { rollBackUnattended } from '../../src/operations/roll-back-unattended.ts';
import { failureOf } from '../support/failure.ts';
import { type LambdaFixture, lambdaFixture } from '../support/aws-lambda.ts';
import { before } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';
import { B, C, openSite, SCOPE } from '../support/memory-ports.ts';

beforeEach(requireAws, AWS_SETUP_MS);

const ASKED: HandOverRequest = {
  ...SCOPE,
  incident: '20250112-0300-alarm',
  to: B.tag,
  rule: 'critical-errors',
  reason: 'error rate 21 %',
  actor: 'on-alarm',
};

interface Night {
  good: string;
  runner: () => ReturnType<typeof rollBackUnattended>;
  /** As the Action asks for it. */
  lateRun: () => ReturnType<typeof requestRollback>;
}

/** C is live behind the alias, B is the last known good, and the incident is open. */
async function night(at: LambdaFixture): Promise<Night> {
  const good = await at.publish(B);
  await at.deployedBySomebodyElse(await at.publish(C));
  const site = await openSite();
  const { facts, settings } = site.ports;
  const common: OperationPorts = {
    ...site.ports,
    clock: systemClock,
    leases: memoryLeases(systemClock),
    breakers: {
      ...site.ports.breakers,
      // They live in the time of the site, and we in that of the world.
      async instances() {
        const heartbeat = new Date(systemClock.now()).toISOString();
        const all = await site.ports.breakers.instances();
        return all.map((one) => ({ ...one, heartbeat }));
      },
    },
    facts: {
      ...facts,
      targets: [{ name: 'api', timeoutMs: 20_000, preflightMs: 10_000 }],
      stages: [{ name: 'now', afterMs: 0 }],
      bake: { durationMs: 1, everyMs: 500 },
    },
  };
  const held = (holder: string): OperationPorts => ({
    ...common,
    targets: [at.another()],
    settings: { ...settings, holder },
  });
  const { incident, actor, reason, rule } = ASKED;
  await openIncident(common, incident, { actor, reason, rule });
  const request = {
    level: 'application' as const,
    forward: false,
    to: B.tag,
    accepted: [],
    incident,
    actor: 'github',
    reason,
    reasonIsDefault: false,
    policy: 'unless_green' as const,
    dryRun: false,
  };
  return {
    good,
    runner: () => rollBackUnattended(held('the runner'), ASKED, 'unless_green'),
    lateRun: () => requestRollback(held('a workflow run'), request, () => undefined),
  };
}

test('The runner rolls back; a workflow run that begins later finds it done and changes nothing.', async () => {
  await using at = await lambdaFixture();
  const { good, runner, lateRun } = await night(at);
  expect(await runner()).toMatchObject({ outcome: 'done' });
  expect(await at.alias()).toMatchObject({ version: good });
  expect(await failureOf(lateRun())).toMatchObject({ code: 'E_ALREADY_LIVE', kind: 'refused' });
  expect(await runner()).toMatchObject({ outcome: 'already-done', code: 'E_ALREADY_LIVE' });
  expect(at.changes()).toEqual([C.tag, B.tag]);
});

test('A workflow run that begins while the runner changes the alias is kept out by the lease.', async () => {
  await using at = await lambdaFixture();
  const { good, runner, lateRun } = await night(at);
  let late: unknown;
  at.proxy.use(
    before('UpdateAlias', async () => {
      late = await failureOf(lateRun());
    }),
  );
  await runner();
  expect(late).toMatchObject({ code: 'E_LEASE_HELD', kind: 'refused' });
  expect(await at.alias()).toMatchObject({ version: good });
  expect(at.changes()).toEqual([C.tag, B.tag]);
});

test('The runner is kept out by the lease while a workflow run changes the alias.', async () => {
  await using at = await lambdaFixture();
  const { good, runner, lateRun } = await night(at);
  let second: unknown;
  at.proxy.use(
    before('UpdateAlias', async () => {
      second = await runner();
    }),
  );
  await lateRun();
  expect(second).toMatchObject({ outcome: 'held', code: 'E_LEASE_HELD' });
  expect(await at.alias()).toMatchObject({ version: good });
  expect(at.changes()).toEqual([C.tag, B.tag]);
});
