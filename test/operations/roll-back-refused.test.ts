import { describe, expect, it } from 'vitest';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import { resumeRollback } from '../../src/operations/resume.ts';
import {
  A,
  B,
  down,
  openSite,
  REQUEST,
  SCOPE,
  type Site,
  worldOf,
} from '../support/memory-ports.ts';
import { roll, ROLLED_BACK, UNTOUCHED } from './roll-back-support.ts';

describe('a rollback that is refused', () => {
  it('because somebody else is at it changes nothing, and names them', async () => {
    const site = await openSite();
    await site.ports.leases.acquire({
      resources: ['storefront/production/target:web'],
      holder: 'lee@tower (pid 2)',
      incident: 'incident7',
      ttlMs: 30_000,
    });
    await expect(roll(site)).rejects.toMatchObject({
      code: 'E_LEASE_HELD',
      message: expect.stringMatching(/lee@tower.*incident7/) as string,
    });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
    expect(await site.ports.journal.incidents(SCOPE)).toEqual([]);
  });

  it.each<[string, (site: Site) => Promise<void> | void, string]>([
    [
      'another release went live',
      ({ target }) => {
        const live = { known: true, tag: 'v1.1.9', commit: 'd'.repeat(40), detail: '' };
        Object.assign(target, { current: () => Promise.resolve(live) });
      },
      'E_PLAN_CHANGED',
    ],
    [
      'the wanted release was held',
      ({ ports }) =>
        ports.releases.hold(SCOPE, B.tag, {
          reason: 'broken too',
          by: 'lee',
          at: '2025-01-12T03:00:00.000Z',
        }),
      'E_TAG_BAD',
    ],
    [
      'the wanted tag was moved',
      ({ history }) => {
        const index = history.tags.findIndex(({ name }) => name === B.tag);
        history.tags.splice(index, 1, { name: B.tag, commit: A.commit, annotated: true, at: '' });
      },
      'E_TAG_MOVED',
    ],
  ])('because, after it was planned, %s', async (_, happens, code) => {
    const site = await openSite();
    const { ports, clock } = site;
    const prepared = await clock.run(prepareRollback(ports, 'application', undefined));
    await happens(site);
    await expect(clock.run(rollBack(ports, prepared, REQUEST))).rejects.toMatchObject({
      code,
      kind: 'refused',
    });
    expect(await worldOf(site)).toMatchObject({
      deploys: 0,
      overrides: [],
    });
    const bad = (await ports.releases.list(SCOPE)).filter(({ status }) => status === 'bad');
    expect(bad).toEqual([]);
    expect(await ports.journal.incidents(SCOPE)).toEqual([]);
    expect(await ports.leases.inspect(prepared.plan.resources)).toEqual([]);
  });

  it('because the journal is down changes nothing', async () => {
    const site = await openSite();
    await expect(roll(site, { journal: down(site.ports.journal) })).rejects.toMatchObject({
      code: 'E_DOWN',
    });
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  it('because the journal only has it on this machine deploys nothing', async () => {
    const site = await openSite();
    const { journal } = site.ports;
    const spooling = {
      ...journal,
      append: async (entry: Parameters<typeof journal.append>[0]) => {
        await journal.append(entry);
        return { stored: 'spool' as const, key: entry.key };
      },
    };
    const { execution } = await roll(site, { journal: spooling });
    expect(execution.outcome).not.toBe('done');
    expect(await worldOf(site)).toEqual(UNTOUCHED);
  });

  it('because the level is not built says what to do instead', async () => {
    const { ports, clock } = await openSite();
    await expect(clock.run(prepareRollback(ports, 'database', undefined))).rejects.toMatchObject({
      code: 'E_NOT_AVAILABLE',
      remedy: expect.stringContaining('backout emergency') as string,
    });
  });
});

/** Dies, as far as the world can see, right before the n-th change of the target or its record. */
async function interrupt(site: Site, at: 'deploy' | 'hold'): Promise<void> {
  const { ports } = site;
  const dead = new Promise<never>(() => undefined);
  const death = Promise.withResolvers<'died'>();
  let isDead = false;
  const die = (): Promise<never> => {
    isDead = true;
    death.resolve('died');
    return dead;
  };
  const dying = {
    ...ports,
    clock: {
      now: () => site.clock.now(),
      async sleep(ms: number, signal?: AbortSignal) {
        await site.clock.sleep(ms, signal);
        // Nothing of a dead process comes back, not even to renew its lease.
        if (isDead) await dead;
      },
    },
    targets: [
      {
        ...site.target,
        apply: (...given: Parameters<typeof site.target.apply>) => {
          return at === 'deploy' ? die() : site.target.apply(...given);
        },
      },
    ],
    releases: {
      ...ports.releases,
      hold: (...given: Parameters<typeof ports.releases.hold>) => {
        return at === 'hold' ? die() : ports.releases.hold(...given);
      },
    },
  };
  const prepared = await site.clock.run(prepareRollback(ports, 'application', undefined));
  const running = rollBack(dying, prepared, REQUEST);
  running.catch(() => undefined);
  expect(await site.clock.run(Promise.race([running, death.promise]))).toBe('died');
}

describe('a rollback that was interrupted', () => {
  it.each(['deploy', 'hold'] as const)(
    'at the %s is finished by another, once its lease ran out',
    async (at) => {
      const site = await openSite();
      await interrupt(site, at);
      const ports = { ...site.ports, settings: { ...site.ports.settings, holder: 'lee (pid 2)' } };
      const result = await site.clock.run(resumeRollback(ports, undefined, 'lee'));
      expect(result.execution.outcome).toBe('done');
      expect(await worldOf(site)).toEqual(ROLLED_BACK);
      // What the first one told is not told again.
      const keys = site.messenger.sent.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      const intents = (await site.entries(result.incident)).filter(({ kind }) => kind === 'intent');
      expect(new Set(intents.map(({ key }) => key)).size).toBe(intents.length);
    },
  );

  it('is watched for as long as it has to be, counted from the deployment, not from the start', async () => {
    const site = await openSite();
    site.target.beforeChange = () => site.clock.sleep(50_000);
    await interrupt(site, 'hold');
    const { incident } = await site.clock.run(resumeRollback(site.ports, undefined, 'lee'));
    const entries = await site.entries(incident);
    const at = (found: boolean[]): number => Date.parse(entries[found.lastIndexOf(true)]?.at ?? '');
    const deployed = at(
      entries.map(({ kind, data }) => kind === 'outcome' && data['step'] === 'deploy:web'),
    );
    const watched = at(entries.map(({ kind }) => kind === 'verdict'));
    expect(watched - deployed).toBe(600_000);
  });

  it.each<[string, (site: Site) => unknown, string]>([
    [
      'another release went live since',
      ({ target }) => {
        const live = { known: true, tag: 'v1.1.9', commit: 'd'.repeat(40), detail: '' };
        Object.assign(target, { current: () => Promise.resolve(live) });
      },
      'v1.1.9 went live',
    ],
    [
      'the wanted release was held since',
      ({ ports }) => ports.releases.mark(SCOPE, B.tag, 'bad'),
      'v1.1.0 must not be deployed',
    ],
  ])('is not continued when %s', async (_, happens, why) => {
    const site = await openSite();
    await interrupt(site, 'deploy');
    await happens(site);
    await expect(
      site.clock.run(resumeRollback(site.ports, undefined, 'lee')),
    ).rejects.toMatchObject({
      code: 'E_PLAN_STALE',
      kind: 'refused',
      message: expect.stringContaining(why) as string,
    });
    expect(site.target.effects).toEqual([]);
  });

  it('has to be finished before another one is started in its incident', async () => {
    const site = await openSite();
    await interrupt(site, 'hold');
    await site.clock.advance(60_000);
    await expect(roll(site)).rejects.toMatchObject({ code: 'E_UNFINISHED', kind: 'refused' });
    expect(site.target.effects).toEqual([B]);
  });

  it('is what is continued, though an emergency was asked for after it', async () => {
    const site = await openSite();
    await interrupt(site, 'hold');
    await site.clock.advance(60_000);
    await site.clock.run(makeSafe(site.ports, { ...REQUEST, reason: 'still broken' }));
    const { execution } = await site.clock.run(resumeRollback(site.ports, undefined, 'lee'));
    expect(execution).toMatchObject({ outcome: 'done', plan: { level: 'application' } });
    expect(site.target.effects).toEqual([B]);
  });

  it('has nothing to resume where nothing was started', async () => {
    const { ports, clock } = await openSite();
    await expect(clock.run(resumeRollback(ports, undefined, 'lee'))).rejects.toMatchObject({
      code: 'E_NO_INCIDENT',
    });
  });

  it('and ended well is answered with its result, and nothing is done again', async () => {
    const site = await openSite();
    const first = await roll(site);
    const before = await worldOf(site);
    const sent = site.messenger.sent.length;
    const again = await site.clock.run(resumeRollback(site.ports, first.incident, 'lee'));
    expect(again.execution).toMatchObject({ id: first.execution.id, outcome: 'done' });
    expect(again.execution.within_budget_ms).toBe(first.execution.within_budget_ms);
    expect(await worldOf(site)).toEqual(before);
    expect(site.messenger.sent).toHaveLength(sent);
  });
});
