/** An incident and its clock, in a clock that plays hours in milliseconds. */
import type { ClockSettings } from '../../src/model/clock-due.ts';
import type { ClockStart } from '../../src/model/clock-start.ts';
import type { HandOverResult } from '../../src/model/hand-over.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import {
  type ClockWorkOptions,
  makeClockWork,
} from '../../src/operations/incident-clock/make-clock-work.ts';
import { runIncidentClock } from '../../src/operations/incident-clock/run-incident-clock.ts';
import { requireIncident } from '../../src/operations/incidents.ts';
import { prepareRollback, rollBack } from '../../src/operations/roll-back.ts';
import type { Alarms } from '../../src/ports/alarms.ts';
import { SCOPE, type Site } from '../support/memory-ports.ts';
import { memorySteps } from '../support/memory-steps.ts';

export const MIN = 60_000;
export const INCIDENT = '20250112-0300-alarm';
export const SETTINGS: ClockSettings = {
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

export interface Story {
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

export async function close(site: Site): Promise<void> {
  const { ports, clock } = site;
  const since = new Date(clock.now()).toISOString();
  const lifted = { mode: 'lifted' as const, incident: INCIDENT, since, by: 'kim', reason: 'well' };
  await ports.editor.lift(lifted).catch(() => undefined);
  const incident = await requireIncident(ports, INCIDENT);
  const facts = { ...ports.facts, fastPath: false };
  await closeIncident({ ...ports, facts }, incident, { actor: 'kim', reason: 'over' });
}

/** Starts what rolls back as the workflow would, in the same incident. */
export async function rollBackNow(site: Site): Promise<HandOverResult> {
  const prepared = await prepareRollback(site.ports, 'application', undefined, []);
  void rollBack(site.ports, prepared, {
    actor: 'github',
    reason: 'handed over',
    rule: 'slow',
    incident: INCIDENT,
  });
  return { by: 'github', outcome: 'running', problems: [], url: 'https://github.test/run/1' };
}

export function startOf(site: Site, story: Story): ClockStart {
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

export function workOf(site: Site, story: Story, start: ClockStart) {
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
export async function play(site: Site, story: Story) {
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
export const news = (all: readonly string[]): string[] =>
  all.filter((one) => !/incident-update|progress/.test(one));
