/** Services that are rolled back before this one, in memory. */

import { describe, expect, it } from 'vitest';
import { targetResource } from '../../src/model/lease.ts';
import { assess } from '../../src/operations/assess.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { prepareReturn } from '../../src/operations/prepare-return.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import { down, openSite, REQUEST, SCOPE, type Site, worldOf } from '../support/memory-ports.ts';
import { ROLLED_BACK, roll, UNTOUCHED } from './roll-back-support.ts';

const CATALOGUE = { ...SCOPE, service: 'catalogue' };

/** The storefront, which depends on the catalogue. */
async function open(): Promise<Site> {
  const site = await openSite();
  return {
    ...site,
    ports: { ...site.ports, facts: { ...site.ports.facts, dependsOn: ['catalogue'] } },
  };
}

/** The catalogue in the same journal and lease store, with targets of its own. */
async function catalogue({ ports }: Site): Promise<OperationPorts> {
  const other = await openSite();
  const { journal, leases, clock, ids } = ports;
  for (const { deployedAt: at, tag, commit, status } of await other.ports.releases.list(SCOPE)) {
    await other.ports.releases.record(CATALOGUE, { tag, commit, at });
    await other.ports.releases.mark(CATALOGUE, tag, status);
  }
  const facts = { ...other.ports.facts, ...CATALOGUE };
  return { ...other.ports, scope: CATALOGUE, facts, journal, leases, clock, ids };
}

async function takeLease({ ports }: Site): Promise<void> {
  const resources = [targetResource(CATALOGUE, 'api')];
  const holder = 'maria@runner (pid 7)';
  await ports.leases.acquire({ resources, holder, incident: 'inc-7', ttlMs: 60_000 });
}

/** Begins a rollback of the catalogue whose target does not say how it ended. */
async function leaveUnfinished(site: Site): Promise<string> {
  const ports = await catalogue(site);
  const targets = ports.targets.map((target) => {
    let applied = false;
    return {
      ...target,
      apply: async (...given: Parameters<typeof target.apply>) => {
        await target.apply(...given);
        applied = true;
      },
      current: (signal: AbortSignal) =>
        applied
          ? Promise.resolve({ known: false as const, problem: 'no answer' })
          : target.current(signal),
    };
  });
  const work = async () => {
    const other = { ...ports, targets };
    return await rollBack(other, await prepareRollback(other, 'application', undefined), REQUEST);
  };
  const { execution, incident } = await site.clock.run(work());
  expect(execution.outcome).toBe('unknown');
  return incident;
}

describe('a service that is rolled back before this one', () => {
  it('stands in nobody’s way while nothing of it is under way', async () => {
    const site = await open();
    const { services } = await site.clock.run(assess(site.ports));
    expect(services).toEqual([{ service: 'catalogue', state: 'free' }]);
    expect((await roll(site)).execution.outcome).toBe('done');
  });

  it('that is being changed is waited for: who, for what, until when, and nothing is changed', async () => {
    const site = await open();
    await takeLease(site);
    await expect(roll(site)).rejects.toMatchObject({
      code: 'E_DEPENDENCY',
      kind: 'refused',
      retryable: true,
      message: expect.stringMatching(
        /after catalogue.*maria@runner \(pid 7\).*incident inc-7.*until .*Z/,
      ) as string,
      remedy: expect.stringContaining(
        'backout incident show inc-7 --environment production',
      ) as string,
    });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
    expect(await site.ports.journal.incidents(SCOPE)).toEqual([]);
    await site.clock.advance(60_001);
    expect((await roll(site)).execution.outcome).toBe('done');
    expect(await worldOf(site)).toEqual(ROLLED_BACK);
  });

  it('that is not finished has to be, and the command for it is named', async () => {
    const site = await open();
    const incident = await leaveUnfinished(site);
    const { services } = await site.clock.run(assess(site.ports));
    expect(services).toEqual([
      { service: 'catalogue', state: 'unfinished', incident, to: 'v1.1.0' },
    ]);
    await expect(roll(site)).rejects.toMatchObject({
      code: 'E_DEPENDENCY',
      remedy: expect.stringContaining(
        `With the backout.yml of catalogue: \`backout incident resume ${incident} --environment production\``,
      ) as string,
    });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  it('that failed is over: this service may be the reason why it did not help', async () => {
    const site = await open();
    const ports = await catalogue(site);
    const checks = ports.checks.map((check) => ({
      ...check,
      run: () =>
        Promise.resolve({
          check: check.name,
          verdict: 'failed' as const,
          reason: 'It is ill.',
          duration_ms: 0,
          at: new Date(site.clock.now()).toISOString(),
        }),
    }));
    const other = { ...ports, checks };
    const work = async () =>
      await rollBack(other, await prepareRollback(other, 'application', undefined), REQUEST);
    expect((await site.clock.run(work())).execution.outcome).toBe('failed');
    expect((await roll(site)).execution.outcome).toBe('done');
  });

  it('that cannot be read is no permission, and is named among the problems', async () => {
    const site = await open();
    site.ports.leases = down(site.ports.leases, 'inspectUnder');
    const { problems } = await site.clock.run(assess(site.ports));
    expect(problems).toEqual(['catalogue: not known: E_DOWN: It cannot be reached.']);
    await expect(roll(site)).rejects.toMatchObject({ code: 'E_DEPENDENCY' });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  it('never holds up the safe state', async () => {
    const site = await open();
    await takeLease(site);
    const { execution } = await site.clock.run(makeSafe(site.ports, REQUEST));
    expect(execution.outcome).toBe('done');
  });

  it('holds up a return as it holds up a rollback', async () => {
    const site = await open();
    await roll(site);
    await takeLease(site);
    const work = async () =>
      await rollBack(site.ports, await prepareReturn(site.ports, undefined), REQUEST);
    await expect(site.clock.run(work())).rejects.toMatchObject({ code: 'E_DEPENDENCY' });
    expect(await worldOf(site)).toEqual(ROLLED_BACK);
  });
});
