/**
 * The clock of an incident. What is asserted is what people get: which message in which minute.
 */
import { describe, expect, test } from 'vitest';
import { effectiveFlags } from '../../src/model/flags.ts';
import { orderClock } from '../../src/operations/incident-clock/make-clock-work.ts';
import { BASE, hanging, openSite, SCOPE, type Site } from '../support/memory-ports.ts';
import { INCIDENT, MIN, news, play, rollBackNow, type Story } from './incident-clock-support.ts';

async function flagsOf({ ports }: Site): Promise<Record<string, unknown>> {
  const flags = effectiveFlags(await ports.flags.read());
  return Object.fromEntries(flags.map(({ name, value }) => [name, value]));
}

describe('Two hours of an incident', () => {
  test('play in less than a second, with every message in its minute', async () => {
    const site = await openSite();
    const began = performance.now();
    const { end, told: all } = await play(site, { hit: () => true });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(end).toBe('incident-closed');
    expect(news(all)).toEqual([
      '0 escalation on_call',
      '10 escalation database_admin',
      '30 escalation engineering_manager',
      '60 escalation cto',
    ]);
    const updates = all.filter((one) => one.endsWith('incident-update'));
    // Every five minutes in which nothing else was said: a call is news, too.
    const expected = Array.from({ length: 24 }, (_, index) => (index + 1) * 5)
      .filter((minute) => ![10, 30, 60].includes(minute))
      .map((minute) => `${minute} incident-update`);
    expect(updates).toEqual(expected);
    expect(await flagsOf(site)).toEqual(BASE);
  });

  test('with a rollback after an investigation: T+30 and T+2 h count from its end', async () => {
    const site = await openSite();
    const { told: all } = await play(site, {
      start: { decision: 'investigate', level: 'application', rule: 'slow' },
      handOver: rollBackNow,
      until: 160,
    });
    expect(news(all)).toEqual([
      '0 investigation-started',
      '0 escalation on_call',
      '10 investigation-ended',
      '10 safe-state-on',
      '10 handed-over',
      '10 escalation database_admin',
      '10 rollback-started',
      // Validated now, at T+2 and T+10.
      '20 rollback-complete',
      '50 stability-check',
      '140 follow-up',
    ]);
  });
});

const order = (name: 'pause' | 'go-on') => (where: Site) =>
  orderClock(where.ports, INCIDENT, { order: name, actor: 'maria', reason: 'we look' });

describe('An investigation', () => {
  const investigate = { decision: 'investigate', level: 'application', rule: 'slow' } as const;

  test('that recovers ends with nothing changed, and the incident with it', async () => {
    const site = await openSite();
    const { end, told: all } = await play(site, {
      start: investigate,
      alarm: (minute) => (minute < 9 ? 'ALARM' : 'OK'),
      until: 11,
      people: {},
    }).catch(async (error: unknown) => {
      throw error;
    });
    expect(end).toBe('recovered');
    expect(news(all)).toEqual([
      '0 investigation-started',
      '0 escalation on_call',
      '10 investigation-ended',
    ]);
    expect(await flagsOf(site)).toEqual(BASE);
    const [incident] = await site.ports.journal.incidents(SCOPE);
    expect(incident).toMatchObject({ id: INCIDENT, status: 'closed' });
  });

  test.each(['ALARM', 'INSUFFICIENT_DATA', 'unheard of'])(
    'whose signal is %s at the end is one in doubt: made safe',
    async (state) => {
      const site = await openSite();
      await play(site, {
        start: { ...investigate, level: 'flags' },
        alarm: () => state,
        settings: { endAfterMs: 20 * MIN },
        until: 300,
        people: {},
      }).catch(() => undefined);
      const codes = site.messenger.sent.map(({ code }) => code);
      expect(codes).toContain('safe-state-on');
    },
  );

  test('that is paused stands still, and goes on with the time that was left', async () => {
    const site = await openSite();
    const { told: all } = await play(site, {
      start: { ...investigate, level: 'flags' },
      people: { 4: order('pause'), 24: order('go-on') },
      until: 40,
    });
    expect(news(all).filter((one) => /investigation|safe/.test(one))).toEqual([
      '0 investigation-started',
      '30 investigation-ended',
      '30 safe-state-on',
    ]);
    const update = site.messenger.sent.find(({ facts }) => facts.paused_by !== undefined);
    expect(update?.lines.join('\n')).toContain('Paused by maria');
  });

  test('is not waited for when somebody says so', async () => {
    const site = await openSite();
    const { told: all } = await play(site, {
      start: { ...investigate, level: 'flags' },
      people: {
        3: ({ ports }) =>
          orderClock(ports, INCIDENT, { order: 'act-now', actor: 'kim', reason: 'it is bad' }),
      },
      until: 20,
    });
    expect(news(all).filter((one) => /ended|safe/.test(one))).toEqual([
      '3 investigation-ended',
      '3 safe-state-on',
    ]);
  });

  test('after which a person decides makes nothing safe, and calls', async () => {
    const site = await openSite();
    const { told: all } = await play(site, {
      start: investigate,
      settings: { atEnd: 'ask' },
      until: 20,
    });
    expect(news(all)).toContain('10 person-needed');
    expect(site.breakers && (await site.ports.breakers.read()).states).toEqual({});
  });

  test('with the journal away ends in the safe state, and in nothing above it', async () => {
    const site = await openSite();
    let handed = 0;
    await play(site, {
      start: investigate,
      ports: ({ ports }) => ({ journal: hanging(ports.journal, 'read') }),
      handOver: async () => {
        handed += 1;
        return { by: 'github', outcome: 'running', problems: [] };
      },
      settings: { endAfterMs: 20 * MIN },
      until: 300,
    });
    expect(handed).toBe(0);
    const codes = site.messenger.sent.map(({ code }) => code);
    expect(codes).toContain('safe-state-on');
    expect(codes).toContain('automation-held');
  });
});

describe('Level application without a person', () => {
  const act = { level: 'application' } as const;

  test('is handed over once, and the last known good is what it goes to', async () => {
    const site = await openSite();
    const handed: string[] = [];
    const { told: all, steps } = await play(site, {
      start: act,
      handOver: async () => {
        handed.push('now');
        return { by: 'github', outcome: 'running', problems: [] };
      },
      until: 4,
    });
    expect(handed).toHaveLength(1);
    expect(all).toContain('0 handed-over');
    expect(site.messenger.sent.find(({ code }) => code === 'handed-over')?.facts.to).toBe('v1.1.0');
    // A second clock of the same incident, with nothing kept, makes no second attempt.
    expect(steps.kept.size).toBeGreaterThan(0);
    await play(site, {
      start: act,
      handOver: async () => {
        handed.push('again');
        return { by: 'github', outcome: 'running', problems: [] };
      },
      until: 4,
    });
    expect(handed).toHaveLength(1);
  });

  test.each<[string, Story, string]>([
    ['held at flags', { start: { ...act, held_at_flags: 'It comes and goes.' } }, 'comes and goes'],
    [
      'without a good release',
      {
        start: act,
        ports: ({ ports }) => ({ releases: { ...ports.releases, list: async () => [] } }),
      },
      'No release is known to be good',
    ],
    [
      'when nobody takes it over',
      {
        start: act,
        handOver: async () => ({ by: 'nobody', outcome: 'unknown', problems: ['GitHub is away'] }),
      },
      'Nobody is known to have taken it over',
    ],
  ])('%s a person is called, with what to do', async (_when, story, said) => {
    const site = await openSite();
    await play(site, { ...story, until: 4 });
    const held = site.messenger.sent.find(({ code }) => code === 'automation-held');
    expect(held).toMatchObject({ severity: 'page' });
    expect(held?.lines.join('\n')).toContain(said);
    expect(held?.facts.command).toMatch(/^backout /);
  });
});

describe('Calls for help', () => {
  test('of the head of technology come only when customers are hit, and then at once', async () => {
    const site = await openSite();
    const { told: all } = await play(site, { hit: (minute) => minute >= 80, until: 100 });
    expect(all.filter((one) => one.includes('cto'))).toEqual(['80 escalation cto']);
  });

  test('stop when the rollback is done and validated', async () => {
    const site = await openSite();
    const { told: all } = await play(site, {
      start: { level: 'application' },
      handOver: rollBackNow,
      hit: () => true,
      until: 90,
    });
    expect(all.filter((one) => one.includes('escalation'))).toEqual([
      '0 escalation on_call',
      '10 escalation database_admin',
    ]);
  });

  test('of whom the rule names come at once', async () => {
    const site = await openSite();
    const { told: all } = await play(site, {
      settings: { page: ['on_call', 'database_admin'] },
      until: 20,
    });
    expect(all.filter((one) => one.includes('escalation'))).toEqual([
      '0 escalation on_call,database_admin',
    ]);
  });
});

test('A clock whose incident nobody closes ends, and says so.', async () => {
  const site = await openSite();
  const { end, told: all } = await play(site, {
    settings: { endAfterMs: 24 * 60 * MIN, updatesEveryMs: 60 * MIN },
    until: 24 * 60 + 10,
  });
  expect(end).toBe('time-over');
  expect(all.at(-1)).toBe('1440 clock-ended');
});
