import { describe, expect, it } from 'vitest';
import { commanderOf } from '../../src/model/commander.ts';
import { assignCommander } from '../../src/operations/assign-commander.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import { openIncident, requireIncident } from '../../src/operations/incidents.ts';
import { liftOverride } from '../../src/operations/lift-override.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import type { Journal } from '../../src/ports/journal.ts';
import { down, hanging, openSite, REQUEST, type Site, watched } from '../support/memory-ports.ts';
import { recover, safeSite } from './recovery-support.ts';

const INCIDENT = 'incident1';

async function openedSite(): Promise<Site> {
  const site = await openSite();
  site.ports.settings.messageFooter = { commander: 'from backout.yml' };
  await openIncident(site.ports, INCIDENT, REQUEST);
  return site;
}

async function assign(
  { ports, clock }: Site,
  commander: string,
  { incident = INCIDENT, ...more }: Partial<OperationPorts> & { incident?: string } = {},
) {
  const found = await requireIncident(ports, incident);
  return await clock.run(
    assignCommander({ ...ports, ...more }, found, { actor: 'kim', commander }),
  );
}

const footersOf = ({ messenger }: Site): (string | undefined)[] =>
  messenger.sent.map(({ lines }) => lines.find((line) => line.startsWith('Commander: ')));

describe('assigning a commander', () => {
  it('is recorded, read back, and told to the channels', async () => {
    const site = await openedSite();
    expect(await assign(site, 'maria')).toEqual({
      incident: INCIDENT,
      commander: 'maria',
      changed: true,
      problems: [],
    });
    const entries = await site.entries(INCIDENT);
    expect(entries.find(({ kind }) => kind === 'note')).toMatchObject({
      actor: 'kim',
      text: 'maria is the commander of this incident.',
      data: { commander: 'maria' },
    });
    expect(commanderOf(entries)).toBe('maria');
    expect(site.messenger.sent).toMatchObject([{ code: 'commander-assigned', severity: 'info' }]);
    expect(footersOf(site)).toEqual(['Commander: maria']);
  });

  it('of the same person again changes nothing, and tells nobody', async () => {
    const site = await openedSite();
    await assign(site, 'maria');
    const before = await site.entries(INCIDENT);
    expect(await assign(site, 'maria')).toMatchObject({ changed: false, previous: 'maria' });
    expect(await site.entries(INCIDENT)).toEqual(before);
    expect(site.messenger.sent).toHaveLength(1);
  });

  it('of another person says who led before, and so does one of the first again', async () => {
    const site = await openedSite();
    await assign(site, 'maria');
    await site.clock.advance(1_000);
    expect(await assign(site, 'noor')).toMatchObject({ changed: true, previous: 'maria' });
    await site.clock.advance(1_000);
    expect(await assign(site, 'maria')).toMatchObject({ changed: true, previous: 'noor' });
    expect(commanderOf(await site.entries(INCIDENT))).toBe('maria');
    expect(footersOf(site).map((line) => line?.slice(11))).toEqual(['maria', 'noor', 'maria']);
  });

  it('is refused in a closed incident', async () => {
    const site = await openedSite();
    const found = await requireIncident(site.ports, INCIDENT);
    await closeIncident(site.ports, found, { actor: 'kim', reason: 'over' });
    const before = await site.entries(INCIDENT);
    await expect(assign(site, 'maria')).rejects.toMatchObject({
      code: 'E_INCIDENT_CLOSED',
      kind: 'refused',
    });
    expect(await site.entries(INCIDENT)).toEqual(before);
  });

  it('is not called done while it only waits in the spool', async () => {
    const site = await openedSite();
    const journal: Journal = {
      ...site.ports.journal,
      append: async ({ key }) => ({ stored: 'spool', key }),
    };
    await expect(assign(site, 'maria', { journal })).rejects.toMatchObject({
      code: 'E_NOT_ASSIGNED',
      kind: 'uncertain',
    });
    expect(site.messenger.sent).toEqual([]);
  });

  it('is not called done when an assignment with a later time counts', async () => {
    const site = await openedSite();
    await assign(site, 'maria');
    const behind = { ...site.clock, now: () => site.clock.now() - 60_000 };
    await expect(assign(site, 'noor', { clock: behind })).rejects.toMatchObject({
      code: 'E_NOT_ASSIGNED',
      message: expect.stringMatching(/^maria leads/) as string,
    });
    expect(site.messenger.sent).toHaveLength(1);
  });

  it('fails when the journal cannot be read', async () => {
    const site = await openedSite();
    const journal = down(site.ports.journal);
    await expect(assign(site, 'maria', { journal })).rejects.toMatchObject({ code: 'E_DOWN' });
  });

  it('says whom the news did not reach', async () => {
    const site = await openedSite();
    site.messenger.behave('refusing');
    const { changed, problems } = await assign(site, 'maria');
    expect(changed).toBe(true);
    expect(problems).toEqual([expect.stringContaining('Message to chat')]);
  });
});

describe('from then on the commander stands below', () => {
  it('the message of an emergency in the same incident', async () => {
    const site = await openedSite();
    await assign(site, 'maria');
    const { incident } = await site.clock.run(
      makeSafe(site.ports, { ...REQUEST, incident: INCIDENT }),
    );
    expect(incident).toBe(INCIDENT);
    expect(footersOf(site).at(-1)).toBe('Commander: maria');
  });

  it('every message of a rollback, and the draft of the postmortem', async () => {
    const site = await openedSite();
    await assign(site, 'maria');
    const prepared = await prepareRollback(site.ports, 'application', undefined);
    const request = { ...REQUEST, incident: INCIDENT };
    const { execution } = await site.clock.run(rollBack(site.ports, prepared, request));
    expect(execution.outcome).toBe('done');
    expect(site.messenger.sent.length).toBeGreaterThan(5);
    expect(new Set(footersOf(site))).toEqual(new Set(['Commander: maria']));
    expect(site.postmortems.get(INCIDENT)).toContain('- Commander: maria\n');
  });

  it('those of a rollback that is under way, when somebody is assigned meanwhile', async () => {
    const site = await openedSite();
    const prepared = await prepareRollback(site.ports, 'application', undefined);
    const rolling = rollBack(site.ports, prepared, { ...REQUEST, incident: INCIDENT });
    await site.clock.advance(60_000);
    await assign(site, 'maria');
    await site.clock.run(rolling);
    const footers = footersOf(site);
    expect(footers[0]).toBe('Commander: from backout.yml');
    expect(footers.at(-1)).toBe('Commander: maria');
    expect(site.postmortems.get(INCIDENT)).toContain('- Commander: maria\n');
  });

  it('those of the recovery and of the lift', async () => {
    const site = await safeSite();
    await assign(site, 'maria', { incident: site.incident });
    site.messenger.sent.length = 0;
    await recover(site);
    const request = { incident: site.incident, person: 'kim', reason: 'fixed now' };
    await site.clock.run(liftOverride(site.ports, { ...request, acknowledgeWithinMs: 1_000 }));
    expect(site.messenger.sent.map(({ code }) => code)).toEqual([
      'recovery-step',
      'recovery-step',
      'recovery-complete',
    ]);
    expect(new Set(footersOf(site))).toEqual(new Set(['Commander: maria']));
  });

  it('no message of another incident', async () => {
    const site = await openedSite();
    await assign(site, 'maria');
    await site.clock.run(makeSafe(site.ports, { ...REQUEST, incident: 'incident2' }));
    expect(footersOf(site).at(-1)).toBe('Commander: from backout.yml');
  });
});

describe('an emergency', () => {
  it.each([
    ['hangs', hanging],
    ['is away', down],
  ] as const)('does not wait for who leads when reading the journal %s', async (_, breaking) => {
    const site = await openedSite();
    await assign(site, 'maria');
    const journal = breaking(site.ports.journal, 'read', 'incidents');
    const began = site.clock.now();
    const result = await site.clock.run(
      makeSafe({ ...site.ports, journal }, { ...REQUEST, incident: INCIDENT }),
    );
    expect(result.execution.outcome).toBe('done');
    expect(result.problems).toEqual([]);
    expect(site.clock.now()).toBe(began);
    expect(footersOf(site).at(-1)).toBe('Commander: from backout.yml');
  });

  it('of a new incident does not ask at all: nobody can lead it yet', async () => {
    const site = await openSite();
    const calls: string[] = [];
    const journal = watched('journal', site.ports.journal, calls);
    await site.clock.run(makeSafe({ ...site.ports, journal }, REQUEST));
    expect(calls).not.toContain('journal.read');
  });
});
