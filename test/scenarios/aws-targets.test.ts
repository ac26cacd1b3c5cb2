/** The executor over real targets: what is done is what was read back, and nothing is done twice. */

import { beforeEach, expect, it } from 'vitest';
import { memoryJournal } from '../../src/adapters/memory/journal.ts';
import { randomIds } from '../../src/adapters/random-ids.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { ExecutionResult } from '../../src/model/execution.ts';
import { type Plan, sealPlan, type Step } from '../../src/model/plan.ts';
import { executePlan } from '../../src/operations/execute-plan.ts';
import { NO_LEASES } from '../../src/operations/leases.ts';
import { type HandlerPorts, stepHandlers } from '../../src/operations/step-handlers.ts';
import type { Target } from '../../src/ports/target.ts';
import { ecsFixture } from '../support/aws-ecs.ts';
import { lambdaFixture } from '../support/aws-lambda.ts';
import { before, dropAfter, refuse } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';
import { until } from '../support/until.ts';

beforeEach(requireAws, AWS_SETUP_MS);

const GOOD = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const BAD = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };
const SCOPE = { service: 'shop', environment: 'production' };

function planFor(target: string): Plan {
  const common = { cap_ms: 20_000, essential: true };
  const action = { target, ...GOOD };
  const steps: Step[] = [
    {
      ...common,
      id: `preflight:${target}`,
      stage: 1,
      title: `Check ${target}`,
      action: { kind: 'preflight', ...action },
    },
    {
      ...common,
      id: `deploy:${target}`,
      stage: 2,
      title: `Deploy ${target}`,
      action: { kind: 'deploy', ...action },
    },
  ];
  return sealPlan({
    ...SCOPE,
    level: 'application',
    from: BAD.tag,
    to: GOOD.tag,
    config_hash: 'c'.repeat(64),
    budget_ms: 300_000,
    budget_ends_with: `deploy:${target}`,
    resources: [],
    steps,
  });
}

/** Runs the plan, or goes on with it: each call is another process over the same journal. */
async function run(
  journal: ReturnType<typeof memoryJournal>,
  target: Target,
  interrupted?: AbortSignal,
): Promise<ExecutionResult> {
  const incident = 'incident1';
  return await executePlan(
    {
      clock: systemClock,
      ids: randomIds,
      journal,
      handlerFor: stepHandlers({ targets: [target] } as unknown as HandlerPorts),
      leases: { ...NO_LEASES, fence: () => 7 },
      observe: () => undefined,
      ...(interrupted === undefined ? {} : { interrupted }),
    },
    {
      id: 'execution1',
      incident,
      plan: planFor(target.name),
      actor: 'kim',
      reason: 'error rate 21 %',
      rule: 'manual',
      entries: await journal.read(SCOPE, incident),
      journalRequired: true,
    },
  );
}

it('A change whose answers all got lost is done, because it was read back.', async () => {
  await using at = await lambdaFixture();
  await at.publish(GOOD);
  await at.deployedBySomebodyElse(await at.publish(BAD));
  at.proxy.use(dropAfter('UpdateAlias', 3));
  const result = await run(memoryJournal(), at.target);
  expect(result.outcome).toBe('done');
});

it('A rollback killed between two steps of traffic is resumed by another process.', async () => {
  await using at = await lambdaFixture({ shift: { share: 0.2, waitMs: 60_000 } });
  const good = await at.publish(GOOD);
  await at.deployedBySomebodyElse(await at.publish(BAD));
  const journal = memoryJournal();
  const stop = new AbortController();
  const first = run(journal, at.target, stop.signal);
  await until('a share has gone over', async () => (await at.alias()).weights[good] === 0.2);
  stop.abort(new Error('Ctrl-C'));
  expect((await first).outcome).not.toBe('done');
  const next = at.another({ shift: { share: 0.2, waitMs: 20 } });
  expect((await run(journal, next)).outcome).toBe('done');
  expect(await at.alias()).toMatchObject({ version: good, weights: {} });
});

it('A deployment by somebody else in the middle of it stops it, with a code for scripts.', async () => {
  await using at = await lambdaFixture();
  await at.publish(GOOD);
  await at.deployedBySomebodyElse(await at.publish(BAD));
  const newer = await at.publishAs(`v1.3.0 ${'c3'.repeat(20)}`);
  at.proxy.use(before('UpdateAlias', () => at.deployedBySomebodyElse(newer)));
  const result = await run(memoryJournal(), at.target);
  expect(result.steps.at(-1)?.result).toMatchObject({
    outcome: 'failed',
    code: 'E_TARGET_CHANGED',
  });
  expect((await at.alias()).version).toBe(newer);
});

it('A rollout that was under way when we were killed is waited for, not begun again.', async () => {
  await using at = await ecsFixture();
  await at.publish(GOOD);
  const bad = await at.publish(BAD);
  at.rollouts.settle(bad, 4);
  at.rollouts.plan.looks = Infinity;
  const journal = memoryJournal();
  const stop = new AbortController();
  const first = run(journal, at.target, stop.signal);
  await until('the rollout is under way', () => at.rollouts.deployments.length === 2);
  stop.abort(new Error('Ctrl-C'));
  expect((await first).outcome).not.toBe('done');
  at.rollouts.plan.looks = 2;
  expect((await run(journal, at.another())).outcome).toBe('done');
  expect(at.changes()).toEqual([GOOD.tag]);
});

it('A state that cannot be read back is unknown, never done.', async () => {
  await using at = await lambdaFixture();
  await at.publish(GOOD);
  await at.deployedBySomebodyElse(await at.publish(BAD));
  const changed = (): boolean => at.proxy.inputs('UpdateAlias').length > 1;
  const refused = refuse('GetAlias', 403, 'AccessDeniedException');
  at.proxy.use((call, next, gone) => (changed() ? refused(call, next, gone) : next()));
  const result = await run(memoryJournal(), at.target);
  expect(result.steps.at(-1)?.result.outcome).toBe('unknown');
});
