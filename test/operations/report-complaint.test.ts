import { describe, expect, it } from 'vitest';
import { isComplaint } from '../../src/model/complaints.ts';
import type { NewEntry } from '../../src/model/journal.ts';
import { assignCommander } from '../../src/operations/assign-commander.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import { openIncident, requireIncident } from '../../src/operations/incidents.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { reportComplaint } from '../../src/operations/report-complaint.ts';
import { openSite, REQUEST, SCOPE, type Site, worldOf } from '../support/memory-ports.ts';
import { codesOf, report, reportMany, RULES, SECRET } from './complaint-support.ts';

const MINUTE = 60_000;

const incidentsOf = async ({ ports }: Site) => await ports.journal.incidents(SCOPE);
const complaintsOf = async (site: Site, incident: string) =>
  (await site.entries(incident)).filter(isComplaint);

async function closeIt(site: Site, id: string): Promise<void> {
  const incident = await requireIncident(site.ports, id);
  await closeIncident(site.ports, incident, { actor: 'kim', reason: 'over' });
}

describe('a complaint', () => {
  it('opens an incident when none is open, and is recorded in it', async () => {
    const site = await openSite();
    const answer = await report(site, { reference: 'T-1', text: SECRET });
    expect(answer).toMatchObject({
      opened: true,
      repeated: false,
      stored: 'journal',
      decision: { decision: 'investigate', count: 1, until: '2025-01-12T03:20:00.000Z' },
      told: ['chat'],
      problems: [],
    });
    expect(await incidentsOf(site)).toMatchObject([
      { id: answer.incident, status: 'open', rule: 'complaints', reason: 'Users complain' },
    ]);
    const [entry] = await complaintsOf(site, answer.incident);
    expect(entry?.data).toEqual({ signal: 'complaints', reference: 'T-1', complaint: SECRET });
  });

  it('goes to the open incident, whatever opened that', async () => {
    const site = await openSite();
    await openIncident(site.ports, 'incident1', REQUEST);
    expect(await report(site)).toMatchObject({ incident: 'incident1', opened: false });
    expect(await incidentsOf(site)).toHaveLength(1);
  });

  it('goes to the newest of several open incidents, and counts with those in the others', async () => {
    const site = await openSite();
    await openIncident(site.ports, 'incident1', REQUEST);
    await reportMany(site, 9);
    await site.clock.advance(MINUTE);
    await openIncident(site.ports, 'incident2', REQUEST);
    expect(await report(site)).toMatchObject({
      incident: 'incident2',
      decision: { decision: 'page', count: 10 },
    });
  });

  it('of the same reference counts once, also in other words and with another time', async () => {
    const site = await openSite();
    const first = await report(site, { reference: 'T-1', text: 'one' });
    await site.clock.advance(5 * MINUTE);
    for (const text of ['one', 'another', undefined]) {
      const again = await report(site, { reference: 'T-1', text });
      expect(again).toMatchObject({ repeated: true, opened: false, decision: { count: 1 } });
      expect(again.incident).toBe(first.incident);
    }
    expect(await complaintsOf(site, first.incident)).toHaveLength(1);
    expect(codesOf(site)).toEqual(['complaints-investigate']);
  });

  it('without a reference counts each time', async () => {
    const site = await openSite();
    expect(await reportMany(site, 3)).toMatchObject({ decision: { count: 3 } });
  });

  it('that was made earlier counts from when it was made', async () => {
    const site = await openSite();
    await report(site, { at: site.clock.now() - 29 * MINUTE });
    const { incident } = await report(site);
    const [early] = await complaintsOf(site, incident);
    expect(early?.at).toBe('2025-01-12T02:31:00.000Z');
    await site.clock.advance(MINUTE + 1);
    expect(await report(site)).toMatchObject({ decision: { count: 2 } });
  });

  it('counts on after its incident was closed, and opens another one', async () => {
    const site = await openSite();
    const { incident } = await reportMany(site, 9);
    await closeIt(site, incident);
    const answer = await report(site);
    expect(answer).toMatchObject({ opened: true, decision: { decision: 'page', count: 10 } });
    expect(answer.incident).not.toBe(incident);
  });

  it('that was counted in an incident that is over opens nothing when it is sent again', async () => {
    const site = await openSite();
    const { incident } = await report(site, { reference: 'T-1' });
    await closeIt(site, incident);
    const before = await site.entries(incident);
    expect(await report(site, { reference: 'T-1' })).toMatchObject({
      incident,
      opened: false,
      repeated: true,
      decision: { count: 1 },
    });
    expect(await site.entries(incident)).toEqual(before);
    expect(await incidentsOf(site)).toMatchObject([{ status: 'closed' }]);
  });

  it('makes nothing safe and lifts nothing, whatever the count is', async () => {
    const site = await openSite();
    const before = await worldOf(site);
    await reportMany(site, 30);
    expect(await worldOf(site)).toEqual(before);
    await site.clock.run(makeSafe(site.ports, REQUEST));
    const safe = await worldOf(site);
    await reportMany(site, 15);
    expect(await worldOf(site)).toEqual(safe);
  });
});

describe('people are told', () => {
  it('of an investigation once, and when a person decides', async () => {
    const site = await openSite();
    await reportMany(site, 9);
    expect(site.messenger.sent).toMatchObject([
      { code: 'complaints-investigate', severity: 'warning' },
    ]);
    expect(site.messenger.sent[0]?.lines).toContain('Investigate. A person decides at 03:20 UTC.');
    // Later complaints do not put the end off.
    await site.clock.advance(10 * MINUTE);
    expect(await report(site)).toMatchObject({ told: ['chat'], decision: { decision: 'page' } });
  });

  it('of many complaints at once, with the commander by name', async () => {
    const site = await openSite();
    site.ports.settings.messageFooter = { commander: 'from backout.yml' };
    const { incident } = await report(site);
    const found = await requireIncident(site.ports, incident);
    await assignCommander(site.ports, found, { actor: 'kim', commander: 'maria' });
    const answer = await reportMany(site, 9);
    expect(answer).toMatchObject({ commander: 'maria', told: ['chat'] });
    const page = site.messenger.sent.at(-1);
    expect(page).toMatchObject({ code: 'complaints-page', severity: 'page' });
    expect(page?.lines).toEqual(
      expect.arrayContaining([
        '10 user complaints within 30 min.',
        'Call now: on_call, commander (maria).',
        'Commander: maria',
      ]),
    );
  });

  it('how to name a commander, when nobody is one', async () => {
    const site = await openSite();
    const { incident } = await reportMany(site, 10);
    const run = `Run: backout incident assign --commander NAME ${incident}`;
    expect(site.messenger.sent.at(-1)?.lines).toContain(run);
  });

  it('once each time the threshold is crossed', async () => {
    const site = await openSite();
    await reportMany(site, 14);
    expect(codesOf(site)).toEqual(['complaints-investigate', 'complaints-page']);
    // Most of them are too old now: fewer than ten are left, and that is no news.
    await site.clock.advance(31 * MINUTE);
    expect(await reportMany(site, 9)).toMatchObject({ decision: { decision: 'investigate' } });
    expect(codesOf(site)).toHaveLength(2);
    const answer = await reportMany(site, 3);
    expect(answer.told).toBeUndefined();
    expect(codesOf(site)).toEqual(['complaints-investigate', 'complaints-page', 'complaints-page']);
    const keys = site.messenger.sent.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('never what a user said, nor the number of the ticket', async () => {
    const site = await openSite();
    const { incident } = await reportMany(site, 12, { text: SECRET });
    await report(site, { text: SECRET, reference: 'jane@example.org' });
    expect(JSON.stringify(site.messenger.sent)).not.toMatch(/Jane|555|jane@/);
    // The sentence of an entry becomes part of published postmortems.
    const texts = (await site.entries(incident)).map(({ text }) => text).join('\n');
    expect(texts).not.toMatch(/Jane|555|jane@/);
  });

  it('though a channel refuses, and that is said', async () => {
    const site = await openSite();
    site.messenger.behave('refusing');
    expect((await report(site)).problems).toEqual([expect.stringContaining('Message to chat')]);
  });

  it('again with the next report, when no channel took the page', async () => {
    const site = await openSite();
    await reportMany(site, 9);
    site.messenger.behave('refusing');
    expect((await report(site)).problems).not.toEqual([]);
    expect((await report(site)).problems).not.toEqual([]);
    site.messenger.behave('well');
    expect(await report(site)).toMatchObject({ told: ['chat'], problems: [] });
    expect((await report(site)).told).toBeUndefined();
    expect(codesOf(site)).toEqual(['complaints-investigate', 'complaints-page']);
  });

  it('or it is said that no channel takes the page', async () => {
    const site = await openSite();
    const messengers: OperationPorts['messengers'] = [{ ...site.messenger, wants: () => false }];
    const answer = await reportMany(site, 10, { ports: { messengers } });
    expect(answer).toMatchObject({ told: [], problems: [expect.stringContaining('call people')] });
  });

  it('by the next reporter, when the one who decided died before telling them', async () => {
    const site = await openSite();
    await reportMany(site, 9);
    const dead = { ...site.ports.journal };
    const death = Promise.withResolvers<never>();
    // The decision is written, and then nothing happens any more.
    dead.append = async (entry: NewEntry) => {
      const appended = await site.ports.journal.append(entry);
      return entry.kind === 'decision' ? await death.promise : appended;
    };
    const killed = reportComplaint(
      { ...site.ports, journal: dead },
      { actor: 'kim', at: site.clock.now() },
      RULES,
    );
    await site.clock.advance(1_000);
    // At once it may still be on its way.
    expect((await report(site)).told).toBeUndefined();
    await site.clock.advance(20_000);
    expect((await report(site)).told).toEqual(['chat']);
    expect((await report(site)).told).toBeUndefined();
    expect(codesOf(site)).toEqual(['complaints-investigate', 'complaints-page']);
    death.reject(new Error('killed'));
    await killed;
  });
});

describe('reporters at the same moment', () => {
  it('open one incident, lose no complaint, and call people once', async () => {
    const site = await openSite();
    const reports = Array.from({ length: 12 }, (_, index) =>
      reportComplaint(
        site.ports,
        { actor: `script ${index}`, at: site.clock.now(), reference: `T-${index}` },
        RULES,
      ),
    );
    const answers = await site.clock.run(Promise.all(reports));
    expect(new Set(answers.map(({ incident }) => incident)).size).toBe(1);
    expect(answers.flatMap(({ problems }) => problems)).toEqual([]);
    expect(await complaintsOf(site, answers[0]?.incident ?? '')).toHaveLength(12);
    expect(codesOf(site).filter((code) => code === 'complaints-page')).toHaveLength(1);
    expect(await report(site)).toMatchObject({ decision: { decision: 'page', count: 13 } });
  });

  it('with the same reference count once', async () => {
    const site = await openSite();
    const reports = ['in these words', 'in others', undefined].map((text) =>
      reportComplaint(
        site.ports,
        { actor: 'kim', at: site.clock.now(), reference: 'T-1', text },
        RULES,
      ),
    );
    const answers = await site.clock.run(Promise.all(reports));
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await report(site)).toMatchObject({ decision: { count: 2 } });
  });
});
