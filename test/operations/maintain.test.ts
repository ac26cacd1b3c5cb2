import { describe, expect, it } from 'vitest';
import type { NewEntry } from '../../src/model/journal.ts';
import type { Plan } from '../../src/model/plan.ts';
import { targetResource } from '../../src/model/lease.ts';
import { findIncident } from '../../src/operations/incidents.ts';
import { maintain, type MaintenanceRequest } from '../../src/operations/maintain.ts';
import type { MaintenancePorts } from '../../src/operations/maintenance-steps.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { planFlagTest, planFlush, planRestart } from '../../src/operations/plan-maintenance.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
import { BASE, down, openSite, REQUEST, SCOPE, type Site } from '../support/memory-ports.ts';

const CANARY = { group: 'shop', name: 'sales', default: true, safe: false };

async function carryOut(
  { ports, clock }: Site,
  plan: Plan,
  more: Partial<OperationPorts & MaintenancePorts> = {},
  request: Partial<MaintenanceRequest> = {},
) {
  const asked = { actor: 'kim', reason: 'stale prices', work: 'do it', announce: true };
  return await clock.run(maintain({ ...ports, ...more }, plan, { ...asked, ...request }));
}

const flush = ({ ports }: Site): Plan => planFlush(ports.facts, ports.caches);
const restart = ({ ports }: Site, check?: string): Plan =>
  planRestart(
    ports.facts,
    ports.services.map(({ name }) => ({
      name,
      timeoutMs: 60_000,
      ...(check === undefined ? {} : { check }),
    })),
  );

const outcomes = ({ execution }: Awaited<ReturnType<typeof carryOut>>): string[] =>
  execution.steps.map(({ step, result }) => `${step.id} ${result.outcome}`);

describe('emptying caches', () => {
  it('is journaled before and after, read back, and told', async () => {
    const site = await openSite();
    site.cache.keys.add('price:1');
    const result = await carryOut(site, flush(site));
    expect(result).toMatchObject({ execution: { outcome: 'done' }, problems: [] });
    expect([site.cache.keys.size, site.cache.effects.length]).toEqual([0, 1]);
    const kinds = (await site.entries(result.incident)).map(({ kind }) => kind);
    expect(kinds).toEqual([
      'incident-opened',
      'execution-started',
      'intent',
      'outcome',
      'execution-ended',
      'incident-closed',
      'message',
    ]);
    expect(site.messenger.sent.map(({ code }) => code)).toEqual(['maintenance-done']);
  });

  it('goes on while the journal is away: its entries are spooled, in a record of their own', async () => {
    const site = await openSite();
    const spooled: NewEntry[] = [];
    const journal = {
      ...down(site.ports.journal),
      append: async (entry: NewEntry) => {
        spooled.push(entry);
        return { stored: 'spool' as const, key: entry.key };
      },
    };
    const result = await carryOut(site, flush(site), { journal });
    expect(result.execution.outcome).toBe('done');
    expect(site.cache.effects.length).toBe(1);
    expect(new Set(spooled.map(({ incident }) => incident))).toEqual(new Set([result.incident]));
    expect(spooled.map(({ kind }) => kind)).toContain('intent');
  });

  it('is not proven while keys from before are still there', async () => {
    const site = await openSite();
    const cache = { ...site.cache, isFlushed: () => Promise.resolve(false) };
    const result = await carryOut(site, flush(site), { caches: [cache] });
    expect(result.execution.outcome).toBe('partial');
    expect(result.problems[0]).toContain('still there');
    expect(site.messenger.sent.map(({ code }) => code)).toEqual(['maintenance-failed']);
  });
});

describe('restarting services', () => {
  it('restarts one after another, each proven before the next', async () => {
    const site = await openSite();
    const result = await carryOut(site, restart(site));
    expect(result.execution.outcome).toBe('done');
    expect(site.services.map(({ effects }) => effects)).toEqual([['run-2'], ['run-2']]);
  });

  it('stops at the first that does not come up: the next one is not touched', async () => {
    const site = await openSite();
    site.services[0].behaviour = 'stays-down';
    const result = await carryOut(site, restart(site));
    expect(outcomes(result)).toEqual(['restart:api failed', 'restart:worker not-run']);
    expect(site.services[1].effects).toEqual([]);
  });

  it('does not take a service for restarted that is up and was never restarted', async () => {
    const site = await openSite();
    site.services[0].behaviour = 'stays';
    const result = await carryOut(site, restart(site));
    expect(outcomes(result)).toEqual(['restart:api failed', 'restart:worker not-run']);
    expect(result.problems[0]).toContain('Still the process from before');
  });

  it('says unknown, not failed, where nobody can tell whether it is up', async () => {
    const site = await openSite();
    site.services[0].problem = 'systemd does not answer';
    const result = await carryOut(site, restart(site));
    expect(outcomes(result)[0]).toBe('restart:api unknown');
  });

  it('waits for the check of the service as well', async () => {
    const site = await openSite();
    let asked = 0;
    site.verdict = () => ((asked += 1) < 4 ? 'failed' : 'passed');
    const result = await carryOut(site, restart(site, 'health'));
    expect(result.execution.outcome).toBe('done');
    expect(asked).toBeGreaterThanOrEqual(4);
    site.verdict = 'inconclusive';
    const again = await carryOut(site, restart(site, 'health'));
    expect(outcomes(again)).toEqual(['restart:api unknown', 'restart:worker not-run']);
  });

  it('is refused while somebody rolls back, and changes nothing', async () => {
    const site = await openSite();
    const resources = [targetResource(SCOPE, 'web')];
    const held = { resources, holder: 'maria', incident: 'i1', ttlMs: 30_000 };
    await site.ports.leases.acquire(held);
    await expect(carryOut(site, restart(site))).rejects.toMatchObject({
      code: 'E_LEASE_HELD',
      message: expect.stringContaining('maria') as string,
    });
    expect(site.services[0].effects).toEqual([]);
    expect(await site.ports.journal.incidents(SCOPE)).toEqual([]);
  });

  it('needs the journal: whoever comes after has to know what was restarted', async () => {
    const site = await openSite();
    const journal = down(site.ports.journal, 'append', 'incidents');
    await expect(carryOut(site, restart(site), { journal })).rejects.toMatchObject({
      code: 'E_DOWN',
    });
    expect(site.services[0].effects).toEqual([]);
  });
});

describe('testing with the canary flag', () => {
  it('switches it off and on, both proven by the running service, and says nothing when good', async () => {
    const site = await openSite();
    const result = await carryOut(
      site,
      planFlagTest(site.ports.facts, CANARY),
      {},
      { announce: false },
    );
    expect(outcomes(result)).toEqual([
      'set:safe done',
      'prove:safe done',
      'set:default done',
      'prove:default done',
    ]);
    expect((await site.ports.flags.read()).base['shop']).toEqual({ sales: BASE.sales });
    expect(site.messenger.sent).toEqual([]);
  });

  it('switches it back although nobody proves it, and says that it is not proven', async () => {
    const site = await openSite();
    site.fleet = 'lagging';
    const result = await carryOut(
      site,
      planFlagTest(site.ports.facts, CANARY),
      {},
      { announce: false },
    );
    expect(result.execution.outcome).not.toBe('done');
    expect(result.problems.join(' ')).toContain('web-1');
    expect((await site.ports.flags.read()).base['shop']).toEqual({ sales: BASE.sales });
    expect(site.messenger.sent.map(({ code }) => code)).toEqual(['maintenance-failed']);
  });

  it('does not take an instance for proven whose client is too old to say', async () => {
    const site = await openSite();
    const { breakers } = site.ports;
    const old = {
      ...breakers,
      instances: async () =>
        (await breakers.instances()).map(({ flags: _without, ...instance }) => instance),
    };
    const result = await carryOut(site, planFlagTest(site.ports.facts, CANARY), { breakers: old });
    expect(outcomes(result)[1]).toBe('prove:safe unknown');
    expect(result.problems.join(' ')).toContain('cannot say');
  });

  it('never touches an override: what an emergency holds stays held', async () => {
    const site = await openSite();
    const { incident } = await site.clock.run(makeSafe(site.ports, REQUEST));
    await carryOut(site, planFlagTest(site.ports.facts, CANARY));
    const { overrides } = await site.ports.flags.read();
    expect(overrides).toMatchObject([{ incident, mode: 'safe' }]);
  });
});

describe('where it is recorded', () => {
  it('is the open incident, which stays open', async () => {
    const site = await openSite();
    const { incident } = await site.clock.run(makeSafe(site.ports, REQUEST));
    const result = await carryOut(site, flush(site));
    expect(result.incident).toBe(incident);
    expect(await findIncident(site.ports, undefined)).toMatchObject({ id: incident });
  });

  it('is the record of the month at other times, which is no open incident', async () => {
    const site = await openSite();
    const results = [await carryOut(site, flush(site)), await carryOut(site, flush(site))];
    expect(results.map(({ incident }) => incident)).toEqual([
      'maintenance-202501',
      'maintenance-202501',
    ]);
    expect(await site.ports.journal.incidents(SCOPE)).toMatchObject([
      { id: 'maintenance-202501', rule: 'maintenance', status: 'closed' },
    ]);
    expect(site.cache.effects.length).toBe(2);
  });

  it('stays open while something is not done, and is still no open incident', async () => {
    const site = await openSite();
    site.services[0].behaviour = 'fails';
    await carryOut(site, restart(site));
    expect(await site.ports.journal.incidents(SCOPE)).toMatchObject([{ status: 'open' }]);
    expect(await findIncident(site.ports, undefined)).toBeUndefined();
    site.services[0].behaviour = 'works';
    await carryOut(site, restart(site));
    expect(await site.ports.journal.incidents(SCOPE)).toMatchObject([{ status: 'closed' }]);
  });

  it('never hides a rollback that waits to be resumed', async () => {
    const site = await openSite();
    const { incident } = await site.clock.run(makeSafe(site.ports, REQUEST));
    site.services[0].behaviour = 'fails';
    await carryOut(site, restart(site));
    const resumed = await site.clock.run(resumeRollback(site.ports, incident, 'kim'));
    expect(resumed.execution.plan.level).toBe('flags');
  });
});
