/**
 * The clock of an incident, in a clock that plays hours in milliseconds. What is asserted is what
 * people get: which message in which minute.
 */
import { describe, expect, test } from 'vitest';
import type { ClockSettings } from '../../src/model/clock-due.ts';
import type { ClockStart } from '../../src/model/clock-start.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import type { HandOverResult } from '../../src/model/hand-over.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import {
  makeClockWork,
  orderClock,
  type ClockWorkOptions,
} from '../../src/operations/incident-clock/make-clock-work.ts';
import { runIncidentClock } from '../../src/operations/incident-clock/run-incident-clock.ts';
import { requireIncident } from '../../src/operations/incidents.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import type { Alarms } from '../../src/ports/alarms.ts';
import { BASE, hanging, openSite, SCOPE, type Site } from '../support/memory-ports.ts';
import { Died, memorySteps } from '../support/memory-steps.ts';

const MIN = 60_000;
const INCIDENT = '20250112-0300-alarm';
const SETTINGS: ClockSettings = {
  investigateForMs: 10 * MIN,
  atEnd: 'roll_back',
  page: ['on_call'],
  contacts: [
    { name: 'on_call', afterMs: 0, when: 'always' },
    { name: 'database_admin', afterMs: 10 * MIN, when: 'always' },
    { name: 'engineering_manager', afterMs: 30 * MIN, when: 'always' },
    { name: 'cto', afterMs: 60 * MIN, when: 'customers_affected' },
  ],
  updatesEveryMs: 5 * MIN,
  stabilityAfterMs: 30 * MIN,
  followUpAfterMs: 120 * MIN,
  countdownWakeMs: 15_000,
  wakeMs: MIN,
  endAfterMs: 24 * 60 * MIN,
};

interface Story {
  start?: Partial<ClockStart>;
  settings?: Partial<ClockSettings>;
  /** How the alarm is, by minute. */
  alarm?: (minute: number) => string;
  hit?: (minute: number) => boolean;
  /** What people do, by minute. */
  people?: Record<number, (site: Site) => Promise<unknown>>;
  handOver?: (site: Site) => Promise<HandOverResult>;
  ports?: (site: Site) => Partial<ClockWorkOptions['ports']>;
  /** The incident is closed in this minute. */
  until?: number;
}

async function close(site: Site): Promise<void> {
  const { ports, clock } = site;
  const since = new Date(clock.now()).toISOString();
  const lifted = { mode: 'lifted' as const, incident: INCIDENT, since, by: 'kim', reason: 'well' };
  await ports.editor.lift(lifted).catch(() => undefined);
  const incident = await requireIncident(ports, INCIDENT);
  const facts = { ...ports.facts, fastPath: false };
  await closeIncident({ ...ports, facts }, incident, { actor: 'kim', reason: 'over' });
}

/** Starts what rolls back as the workflow would, in the same incident. */
async function rollBackNow(site: Site): Promise<HandOverResult> {
  const prepared = await prepareRollback(site.ports, 'application', undefined, []);
  void rollBack(site.ports, prepared, {
    actor: 'github',
    reason: 'handed over',
    rule: 'slow',
    incident: INCIDENT,
  });
  return { by: 'github', outcome: 'running', problems: [], url: 'https://github.test/run/1' };
}

function startOf(site: Site, story: Story): ClockStart {
  return {
    incident: INCIDENT,
    ...SCOPE,
    decision: 'act',
    rule: 'critical-errors',
    reason: 'error rate 21 %',
    actor: 'alarm shop-5xx',
    at: new Date(site.clock.now()).toISOString(),
    level: 'flags',
    alarm: { name: 'shop-5xx', arn: 'arn:x', stamp: 'x' },
    ...story.start,
  };
}

function workOf(site: Site, story: Story, start: ClockStart) {
  const startedAt = Date.parse(start.at);
  const minute = () => (site.clock.now() - startedAt) / MIN;
  const alarms: Alarms = {
    read: async () => ({ state: story.alarm?.(minute()) ?? 'ALARM', since: undefined }),
    changes: async () => [],
  };
  return makeClockWork(
    {
      ports: { ...site.ports, ...story.ports?.(site) },
      facts: site.ports.facts,
      alarms,
      customersAffected: async () => story.hit?.(minute()) ?? false,
      handOver: async () =>
        (await story.handOver?.(site)) ?? { by: 'nobody', outcome: 'failed', problems: [] },
    },
    start,
  );
}

/** Plays a story to its end: the minutes in which people got which message. */
async function play(site: Site, story: Story) {
  const startedAt = site.clock.now();
  const start = startOf(site, story);
  const work = workOf(site, story, start);
  const until = story.until ?? 125;
  const acts = Object.entries({ ...story.people, [until]: close }).map(([minute, act]) =>
    site.clock.sleep(Number(minute) * MIN).then(() => act(site)),
  );
  const steps = memorySteps(site.clock);
  const running = runIncidentClock(steps, work, start, { ...SETTINGS, ...story.settings });
  const end = await site.clock.run(running);
  await site.clock.run(Promise.all(acts));
  return { end, told: told(site, startedAt), steps };
}

function told(site: Site, startedAt: number): string[] {
  return site.messenger.sent.map(({ code, facts }) => {
    const minute = Math.round(((Date.parse(facts.at) - startedAt) / MIN) * 4) / 4;
    return `${minute} ${code}${facts.page === undefined ? '' : ` ${facts.page.join(',')}`}`;
  });
}

/** Without the regular updates: what happened. */
const news = (all: readonly string[]): string[] =>
  all.filter((one) => !/incident-update|progress/.test(one));

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

describe('Killed at any step, and played again from what was kept', () => {
  const story: Story = {
    start: { decision: 'investigate', level: 'application', rule: 'slow' },
    settings: { investigateForMs: MIN, updatesEveryMs: 2 * MIN, wakeMs: MIN },
    handOver: async () => ({ by: 'github', outcome: 'running', problems: [] }),
    until: 6,
  };

  async function undisturbed(): Promise<{ messages: string[]; steps: number }> {
    const site = await openSite();
    const { told: all, steps } = await play(site, story);
    return {
      messages: all.map((one) => one.replace(/^\S+ /, '')).toSorted(),
      steps: steps.kept.size,
    };
  }

  test('it says everything once, and attempts once', async () => {
    const { messages, steps: count } = await undisturbed();
    expect(count).toBeGreaterThan(20);
    for (let number = 1; number <= count; number += 1) {
      for (const when of ['before', 'after'] as const) {
        const site = await openSite();
        const start = startOf(site, story);
        let attempts = 0;
        const work = workOf(
          site,
          {
            ...story,
            handOver: async () => {
              attempts += 1;
              return { by: 'github', outcome: 'running', problems: [] };
            },
          },
          start,
        );
        const closing = site.clock.sleep(6 * MIN).then(() => close(site));
        const kept = new Map<string, unknown>();
        const first = memorySteps(site.clock, kept);
        first.dieAt(number, when);
        const settings = { ...SETTINGS, ...story.settings };
        await expect(
          site.clock.run(runIncidentClock(first, work, start, settings)),
          `${when} ${number}`,
        ).rejects.toThrow(Died);
        const again = memorySteps(site.clock, kept);
        const end = await site.clock.run(runIncidentClock(again, work, start, settings));
        await site.clock.run(closing);
        expect(end).toBe('incident-closed');
        const codes = site.messenger.sent.map(({ code, facts }) =>
          facts.page === undefined ? code : `${code} ${facts.page.join(',')}`,
        );
        // An update may be later or fewer by one: time went on. Everything else is said once.
        const once = codes.filter((code) => code !== 'incident-update').toSorted();
        expect(once, `${when} ${number}`).toEqual(
          messages.filter((code) => code !== 'incident-update'),
        );
        expect(attempts, `${when} ${number}`).toBeLessThanOrEqual(2);
      }
    }
  }, 60_000);
});
