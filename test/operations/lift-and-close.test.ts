import { describe, expect, it } from 'vitest';
import { effectiveFlags } from '../../src/model/flags.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import { requireIncident } from '../../src/operations/incidents.ts';
import { liftOverride } from '../../src/operations/lift-override.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { tripBreakers } from '../../src/operations/trip-breakers.ts';
import {
  BASE,
  down,
  hanging,
  openSite,
  REQUEST,
  SAFE,
  type Site,
} from '../support/memory-ports.ts';
import { failingJournal, recover, safeSite } from './recovery-support.ts';

const lift = async (site: Site & { incident: string }, more: Partial<OperationPorts> = {}) => {
  const { incident, ports } = site;
  const request = { incident, person: 'kim', reason: 'fixed', acknowledgeWithinMs: 5_000 };
  return await site.clock.run(liftOverride({ ...ports, ...more }, request));
};

const valuesOf = async ({ ports }: Site): Promise<object> =>
  Object.fromEntries(
    effectiveFlags(await ports.flags.read()).map(({ name, value }) => [name, value]),
  );

describe('lifting the safe state', () => {
  it('brings back exactly what was there, and has it acknowledged', async () => {
    const site = await safeSite();
    await recover(site);
    expect(await valuesOf(site)).toEqual(SAFE);
    const result = await lift(site);
    expect(result).toMatchObject({
      changed: true,
      proof: { acknowledged: ['web-1'], laggards: [] },
      stillOff: [],
      problems: [],
    });
    expect(await valuesOf(site)).toEqual(BASE);
    const last = (await site.entries(site.incident)).findLast(({ kind }) => kind === 'recovery');
    expect(last).toMatchObject({ actor: 'kim', text: expect.stringContaining('web-1') as string });
  });

  it('is refused while a breaker is open or half open, and changes nothing', async () => {
    const site = await safeSite();
    await expect(lift(site)).rejects.toMatchObject({ code: 'E_BREAKERS_OPEN', kind: 'refused' });
    const { epoch } = await site.breakers.read();
    const since = new Date(site.clock.now()).toISOString();
    await site.breakers.set('stripe', { state: 'closed', since, by: 'kim' }, epoch);
    const half = { state: 'half-open', since, by: 'kim', sample: 0.1 } as const;
    await site.breakers.set('mailer', half, (await site.breakers.read()).epoch);
    await expect(lift(site)).rejects.toMatchObject({
      message: expect.stringMatching(/: mailer\.$/) as string,
    });
    expect(await valuesOf(site)).toEqual(SAFE);
  });

  it('goes with a breaker that a person holds open: that is its own decision', async () => {
    const site = await safeSite();
    await recover(site);
    const { ports, incident } = site;
    await tripBreakers(ports, { ...REQUEST, incident, providers: ['stripe'], isolate: true });
    expect(await lift(site)).toMatchObject({ changed: true, stillOff: ['stripe (isolated)'] });
  });

  it('lifts one incident only', async () => {
    const site = await safeSite();
    await site.clock.run(makeSafe(site.ports, { ...REQUEST, incident: 'incident9' }));
    await recover(site);
    const result = await lift(site);
    expect(await valuesOf(site)).toEqual(SAFE);
    expect(result.stillOff).toEqual(['digest=false', 'sales=false']);
  });

  it('needs the journal before, and only before', async () => {
    const site = await safeSite();
    await recover(site);
    for (const how of ['down', 'spool'] as const) {
      await expect(lift(site, { journal: failingJournal(site, 1, how) })).rejects.toMatchObject({
        code: how === 'spool' ? 'E_JOURNAL_NEEDED' : 'E_DOWN',
      });
      expect(await valuesOf(site)).toEqual(SAFE);
    }
    const result = await lift(site, { journal: failingJournal(site, 2, 'down') });
    expect(result).toMatchObject({ changed: true });
    expect(result.problems.join()).toContain('Not recorded');
    expect(await valuesOf(site)).toEqual(BASE);
  });

  it('has worked though the running service could not be told', async () => {
    const site = await safeSite();
    await recover(site);
    const result = await lift(site, { breakers: down(site.ports.breakers, 'announce') });
    expect(result).toMatchObject({ changed: true, proof: undefined });
    expect(result.problems.join()).toContain('was not told');
    expect(await valuesOf(site)).toEqual(BASE);
  });

  it('works where there is no fast path', async () => {
    const site = await openSite();
    const facts = { ...site.ports.facts, fastPath: false };
    const ports = { ...site.ports, facts, breakers: hanging(site.ports.breakers) };
    const { incident } = await site.clock.run(makeSafe(ports, REQUEST));
    await site.clock.advance(1_000);
    const lifted = await lift(Object.assign(site, { incident }), ports);
    expect(lifted).toMatchObject({ changed: true, proof: undefined, stillOff: [], problems: [] });
  });

  it('names the instances that stay behind, after the time they had', async () => {
    const site = await safeSite();
    await recover(site);
    site.fleet = 'lagging';
    const began = site.clock.now();
    const { proof } = await lift(site);
    expect(proof?.laggards).toEqual(['web-1']);
    expect(site.clock.now() - began).toBe(5_000);
  });
});

const close = async (site: Site & { incident: string }) => {
  const incident = await requireIncident(site.ports, site.incident);
  return await closeIncident(site.ports, incident, { actor: 'kim', reason: 'over' });
};

/** What a recovery comes to, without its watching. */
async function closeBreakers({ ports }: Awaited<ReturnType<typeof safeSite>>): Promise<void> {
  const { states } = await ports.breakers.read();
  for (const provider of Object.keys(states)) {
    const { epoch } = await ports.breakers.read();
    await ports.breakers.set(provider, { state: 'closed', since: NIGHT_TEXT, by: 'kim' }, epoch);
  }
}

const NIGHT_TEXT = '2026-11-23T03:00:00.000Z';

describe('closing an incident', () => {
  it('is refused while its safe state is on, also when nobody can read it', async () => {
    const site = await safeSite();
    await expect(close(site)).rejects.toMatchObject({ code: 'E_STILL_SAFE', kind: 'refused' });
    const { flags } = site.ports;
    const { incident } = site;
    site.ports.flags = {
      ...flags,
      read: async () => ({
        ...(await flags.read()),
        overrides: [{ mode: 'unreadable', incident, problem: 'torn' }],
      }),
    };
    await expect(close(site)).rejects.toMatchObject({ code: 'E_STILL_SAFE' });
    site.ports.flags = down(flags);
    await expect(close(site)).rejects.toMatchObject({ code: 'E_DOWN' });
    expect(await requireIncident(site.ports, incident)).toMatchObject({ status: 'open' });
  });

  it('is refused while breakers of it are open, or its override is in Redis alone', async () => {
    const site = await safeSite();
    const { ports, incident } = site;
    const since = new Date(site.clock.now()).toISOString();
    await ports.editor.lift({ mode: 'lifted', incident, since, by: 'kim', reason: 'fixed' });
    await expect(close(site)).rejects.toMatchObject({ code: 'E_STILL_SAFE' });
    await closeBreakers(site);
    const { flags } = ports;
    ports.flags = { ...flags, read: async () => ({ ...(await flags.read()), overrides: [] }) };
    await expect(close(site)).rejects.toMatchObject({ code: 'E_STILL_SAFE' });
  });

  it('is done once, and again is nothing', async () => {
    const site = await safeSite();
    const since = new Date(site.clock.now()).toISOString();
    const { incident } = site;
    await site.ports.editor.lift({ mode: 'lifted', incident, since, by: 'kim', reason: 'fixed' });
    await closeBreakers(site);
    expect(await close(site)).toEqual({ changed: true });
    expect(await close(site)).toEqual({ changed: false });
    expect(await requireIncident(site.ports, incident)).toMatchObject({ status: 'closed' });
  });

  it('that was opened again by an emergency closes it again', async () => {
    const site = await safeSite();
    const { ports, clock, incident } = site;
    const liftNow = () => {
      const since = new Date(clock.now()).toISOString();
      return ports.editor.lift({ mode: 'lifted', incident, since, by: 'kim', reason: 'fixed' });
    };
    await liftNow();
    await closeBreakers(site);
    await close(site);
    await clock.advance(1_000);
    await clock.run(makeSafe(ports, { ...REQUEST, reason: 'it is back', incident }));
    expect(await requireIncident(ports, incident)).toMatchObject({ status: 'open' });
    await clock.advance(1_000);
    await liftNow();
    await closeBreakers(site);
    expect(await close(site)).toEqual({ changed: true });
    expect(await requireIncident(ports, incident)).toMatchObject({ status: 'closed' });
  });
});

const trip = (
  site: Site & { incident: string },
  isolate: boolean,
  ports: Partial<OperationPorts> = {},
) =>
  tripBreakers(
    { ...site.ports, ...ports },
    { ...REQUEST, incident: site.incident, providers: ['stripe', 'new-one'], isolate },
  );

describe('opening breakers by hand', () => {
  it.each([
    [false, 'open'],
    [true, 'isolated'],
  ])(
    'isolating: %s, they are %s afterwards, and it is on record before and after',
    async (isolate, state) => {
      const site = await safeSite();
      const states = await trip(site, isolate);
      expect(states).toMatchObject({ stripe: { state }, 'new-one': { state } });
      const kinds = (await site.entries(site.incident)).slice(-2).map(({ kind }) => kind);
      expect(kinds).toEqual(['intent', 'outcome']);
    },
  );

  it('leaves isolated what is isolated', async () => {
    const site = await safeSite();
    await trip(site, true);
    await site.clock.advance(1);
    expect(await trip(site, false)).toMatchObject({ stripe: { state: 'isolated' } });
  });

  it('is not believed: what still lets calls through is named', async () => {
    const site = await safeSite();
    const { breakers } = site.ports;
    const forgetful = { ...breakers, trip: async () => (await breakers.read()).epoch };
    await expect(trip(site, false, { breakers: forgetful })).rejects.toMatchObject({
      code: 'E_NOT_OPEN',
      message: expect.stringContaining('new-one') as string,
    });
  });
});
