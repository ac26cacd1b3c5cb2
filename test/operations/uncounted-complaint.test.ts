import { describe, expect, it } from 'vitest';
import { isComplaint } from '../../src/model/complaints.ts';
import type { NewEntry } from '../../src/model/journal.ts';
import { openIncident } from '../../src/operations/incidents.ts';
import { makeSafe } from '../../src/operations/make-safe.ts';
import type { Journal } from '../../src/ports/journal.ts';
import { down, openSite, REQUEST, SCOPE, type Site, watched } from '../support/memory-ports.ts';
import { codesOf, report, reportMany, SECRET } from './complaint-support.ts';

/** The journal is away; what is appended is kept on this machine, as the spool does it. */
function spoolOnly({ ports }: Site, kept: NewEntry[]): Journal {
  return {
    ...down(ports.journal),
    append: async (entry) => {
      kept.push(entry);
      return { stored: 'spool', key: entry.key };
    },
  };
}

describe('a complaint while the journal is away', () => {
  it('is kept, and how many there are is unknown, which is not none', async () => {
    const site = await openSite();
    const kept: NewEntry[] = [];
    const journal = spoolOnly(site, kept);
    const answer = await report(site, { ports: { journal }, text: SECRET });
    expect(answer).toMatchObject({ stored: 'spool', opened: true });
    expect(answer.decision).toBeUndefined();
    expect(answer.problems).not.toEqual([]);
    expect(kept.map(({ kind }) => kind)).toEqual(['incident-opened', 'signal']);
    expect(site.messenger.sent).toEqual([]);
  });

  it('counts as soon as it is carried over, and once', async () => {
    const site = await openSite();
    const kept: NewEntry[] = [];
    const journal = spoolOnly(site, kept);
    for (let index = 0; index < 9; index += 1) {
      await report(site, { ports: { journal }, reference: `T-${index}` });
    }
    for (const entry of [...kept, ...kept]) await site.ports.journal.append(entry);
    expect(await site.ports.journal.incidents(SCOPE)).toHaveLength(1);
    expect(await report(site)).toMatchObject({ decision: { decision: 'page', count: 10 } });
  });

  it('goes to the incident whose safe state is on: that one is open', async () => {
    const site = await openSite();
    const { incident } = await site.clock.run(makeSafe(site.ports, REQUEST));
    const kept: NewEntry[] = [];
    const answer = await report(site, { ports: { journal: spoolOnly(site, kept) } });
    expect(answer).toMatchObject({ incident, opened: false });
    expect(kept.map(({ kind }) => kind)).toEqual(['signal']);
  });

  it('is not counted either when the journal goes away in between', async () => {
    const site = await openSite();
    let broken = false;
    const journal: Journal = {
      append: async (entry) => {
        const appended = await site.ports.journal.append(entry);
        broken = broken || isComplaint(entry);
        return appended;
      },
      read: async (...given) => {
        if (broken) throw new Error('gone');
        return await site.ports.journal.read(...given);
      },
      incidents: (scope) => site.ports.journal.incidents(scope),
    };
    const answer = await report(site, { ports: { journal } });
    expect(answer.stored).toBe('journal');
    expect(answer.decision).toBeUndefined();
    expect(answer.problems).toEqual([expect.stringContaining('cannot be counted')]);
  });

  it('is not counted when the journal shows less than it took', async () => {
    const site = await openSite();
    await openIncident(site.ports, 'incident1', REQUEST);
    const journal: Journal = {
      ...site.ports.journal,
      read: async (...given) => (await site.ports.journal.read(...given)).slice(0, 1),
    };
    const answer = await report(site, { ports: { journal } });
    expect(answer.decision).toBeUndefined();
    expect(answer.problems).toEqual([expect.stringContaining('E_COUNT')]);
  });

  it('leads to a call though the decision cannot be written: twice is better than never', async () => {
    const site = await openSite();
    await reportMany(site, 9);
    const journal: Journal = {
      ...site.ports.journal,
      append: async (entry) => {
        if (entry.kind === 'decision') throw new Error('gone');
        return await site.ports.journal.append(entry);
      },
    };
    const answer = await report(site, { ports: { journal } });
    expect(answer.problems).toEqual([expect.stringContaining('is not recorded')]);
    expect(codesOf(site)).toEqual(['complaints-investigate', 'complaints-page']);
  });

  it('asks the flags which incident is running, and touches nothing else', async () => {
    const site = await openSite();
    const calls: string[] = [];
    const { ports } = site;
    const others = {
      flags: watched('flags', ports.flags, calls),
      breakers: watched('breakers', ports.breakers, calls),
      releases: watched('releases', ports.releases, calls),
      leases: watched('leases', ports.leases, calls),
    };
    await reportMany(site, 12, { ports: others });
    await report(site, { ports: { ...others, journal: spoolOnly(site, []) } });
    expect(calls).toEqual(['flags.overrides']);
  });
});
