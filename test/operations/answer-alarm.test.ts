import { describe, expect, test } from 'vitest';
import { readEvent } from '../../src/adapters/aws/events/read-event.ts';
import type { AlarmRule } from '../../src/model/alarm.ts';
import type { ClockStart } from '../../src/model/clock-start.ts';
import { BackoutError } from '../../src/model/error.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import { isMaintenance } from '../../src/model/incident.ts';
import { observationsIn, observedDay } from '../../src/model/observed.ts';
import { type AlarmPorts, answerAlarm } from '../../src/operations/answer-alarm.ts';
import type { Alarms } from '../../src/ports/alarms.ts';
import type { IncidentClock } from '../../src/ports/incident-clock.ts';
import { ACCOUNT, alarmEvent, REGION } from '../support/alarm-events.ts';
import { BASE, down, openSite, SAFE, type Site, worldOf } from '../support/memory-ports.ts';

const ARN = `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:shop-5xx`;

const RULE: AlarmRule = {
  for: 60_000,
  min_requests: 0,
  missing: 'notify',
  decision: 'act',
  automatic: 'application',
  automation: 'armed',
  alarms: ['shop-5xx'],
  signal: 'error_rate',
  min_severity: 7,
};

function alarmAt(at: number, given: Parameters<typeof alarmEvent>[0] = {}) {
  return readEvent({ document: alarmEvent({ at, ...given }) });
}

/** Hands over one alarm of now; two copies of it when it is called twice at the same time. */
async function send(
  site: Site,
  {
    rule = {},
    ports = {},
    ...given
  }: Parameters<typeof alarmEvent>[0] & {
    rule?: Partial<AlarmRule>;
    ports?: Partial<AlarmPorts>;
  } = {},
) {
  const all = { ...site.ports, ...ports };
  const { answer } = await site.clock.run(
    answerAlarm(all, alarmAt(given.at ?? site.clock.now(), given), {
      rules: { 'critical-errors': { ...RULE, ...rule } },
      armed: true,
      account: ACCOUNT,
      regions: [REGION],
      maxAgeMs: 900_000,
      rereadAfterMs: 300_000,
      flapping: { changes: 3, withinMs: 1_800_000 },
      factsOf: () => all.facts,
    }),
  );
  return answer;
}

async function flagsOf({ ports }: Site): Promise<Record<string, unknown>> {
  const flags = effectiveFlags(await ports.flags.read());
  return Object.fromEntries(flags.map(({ name, value }) => [name, value]));
}

test('An alarm makes safe, and the answer says what is proven, what is off and what is next.', async () => {
  const site = await openSite();
  const answer = await send(site);
  expect(answer).toMatchObject({ decision: 'act', outcome: 'done', not_proven: [] });
  expect(answer.still_off).toEqual(
    expect.arrayContaining(['all flags of shop (safe)', 'stripe (open)']),
  );
  expect(answer.next).toBe(`backout rollback application --incident ${answer.incident}`);
  expect(await flagsOf(site)).toEqual(SAFE);
  const entries = await site.entries(answer.incident ?? '');
  expect(entries[0]).toMatchObject({ kind: 'incident-opened', actor: 'alarm shop-5xx' });
});

test('The same alarm delivered twice makes safe once.', async () => {
  const site = await openSite();
  const at = site.clock.now();
  const first = await send(site, { at });
  const before = (await site.ports.flags.read()).overrides.length;
  const second = await send(site, { at });
  expect(second.incident).toBe(first.incident);
  expect((await site.ports.flags.read()).overrides).toHaveLength(before);
});

test('A second alarm of the same trouble joins the incident of the first.', async () => {
  const site = await openSite();
  const first = await send(site);
  const second = await send(site, { name: 'shop-5xx', at: site.clock.now() + 1000 });
  expect(second.incident).toBe(first.incident);
});

test('A copy that arrives after a person has lifted the safe state changes nothing.', async () => {
  const site = await openSite();
  const at = site.clock.now();
  const { incident = '' } = await send(site, { at });
  const since = new Date(site.clock.now() + 1000).toISOString();
  const lifted = { mode: 'lifted' as const, incident, since, by: 'maria', reason: 'it is well' };
  await site.ports.editor.lift(lifted);
  const answer = await send(site, { at });
  expect(answer).toMatchObject({ decision: 'ignore', code: 'duplicate', incident });
  expect(answer.reason).toContain('maria');
  expect(await flagsOf(site)).toEqual(BASE);
});

test.each<[string, Parameters<typeof send>[1]]>([
  ['ends', { state: { value: 'OK' } }],
  ['has an unknown state', { state: { value: 'alarm' } }],
  ['comes from another account', { account: '999999999999' }],
  ['is named by no rule', { name: 'other' }],
  ['is only observed', { rule: { automation: 'observe' } }],
])('An alarm that %s changes nothing anywhere.', async (_what, given) => {
  const site = await openSite();
  const before = await worldOf(site);
  const answer = await send(site, given);
  expect(answer.decision).not.toBe('act');
  expect(answer.reason).not.toBe('');
  expect(await worldOf(site)).toEqual(before);
  expect(site.messenger.sent).toEqual([]);
});

test('With the flags away the breakers still open, and the answer says what is not proven.', async () => {
  const site = await openSite();
  const answer = await send(site, { ports: { flags: down(site.ports.flags, 'read', 'engage') } });
  expect(answer.outcome).not.toBe('done');
  expect(answer.not_proven?.join()).toContain('flag');
  expect(Object.values((await site.ports.breakers.read()).states)).not.toEqual([]);
});

test('Only when nothing at all could be moved it throws, so that it is called again.', async () => {
  const site = await openSite();
  const error: unknown = await send(site, {
    ports: {
      flags: down(site.ports.flags, 'read', 'engage'),
      breakers: down(site.ports.breakers, 'read', 'trip'),
    },
  }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BackoutError);
  expect(error).toMatchObject({ code: 'E_NOT_SAFE', retryable: true });
});

/** A clock that remembers what it was started with. */
function memoryClock(): { starts: ClockStart[]; clock: IncidentClock } {
  const starts: ClockStart[] = [];
  const start = async (given: ClockStart) => {
    const started = !starts.some(({ incident }) => incident === given.incident);
    starts.push(given);
    return { started };
  };
  return { starts, clock: { start } };
}

/** A monitoring in which the alarm went off at these times, in ms before now. */
function historyOf(site: Site, ...ago: number[]): Alarms {
  const changes = ago.flatMap((ms) => [
    { at: site.clock.now() - ms, from: 'OK', to: 'ALARM' },
    { at: site.clock.now() - ms + 1, from: 'ALARM', to: 'OK' },
  ]);
  return {
    read: async () => ({ state: 'ALARM', since: undefined }),
    changes: async () => changes,
  };
}

test('An alarm that acts starts the clock of its incident, with all that it has to know.', async () => {
  const site = await openSite();
  const { starts, clock } = memoryClock();
  const at = site.clock.now();
  const answer = await send(site, { at, ports: { incidentClock: clock } });
  expect(answer).toMatchObject({ clock: 'started', problems: [] });
  expect(starts).toEqual([
    {
      incident: answer.incident,
      ...site.ports.scope,
      decision: 'act',
      rule: 'critical-errors',
      reason: answer.reason,
      actor: 'alarm shop-5xx',
      at: new Date(at).toISOString(),
      level: 'application',
      alarm: { name: 'shop-5xx', arn: ARN, stamp: answer.alarm?.stamp },
    },
  ]);
});

test('An alarm to investigate makes nothing safe: its clock waits, looks again and decides.', async () => {
  const site = await openSite();
  const before = await worldOf(site);
  const { starts, clock } = memoryClock();
  const rule = { decision: 'investigate' } as const;
  const answer = await send(site, { rule, ports: { incidentClock: clock } });
  expect(answer).toMatchObject({ decision: 'investigate', clock: 'started' });
  expect(starts).toMatchObject([{ incident: answer.incident, decision: 'investigate' }]);
  expect(await worldOf(site)).toEqual(before);
  expect(site.messenger.sent).toEqual([]);
});

test.each<[string, Partial<AlarmPorts>]>([
  ['there is no clock', {}],
  ['it does not answer', { incidentClock: { start: () => new Promise(() => undefined) } }],
  ['it refuses', { incidentClock: { start: () => Promise.reject(new Error('throttled')) } }],
])('When nobody would look again, because %s, a person is called.', async (_why, ports) => {
  const site = await openSite();
  const answer = await send(site, { rule: { decision: 'investigate' }, ports });
  expect(answer).toMatchObject({ decision: 'investigate', clock: 'not-started' });
  expect(answer.problems).toHaveLength(1);
  expect(site.messenger.sent).toMatchObject([{ code: 'person-needed', severity: 'page' }]);
});

test('A clock that does not start stops nothing of making safe, and is said.', async () => {
  const site = await openSite();
  const incidentClock = { start: () => new Promise<never>(() => undefined) };
  const answer = await send(site, { ports: { incidentClock } });
  expect(answer).toMatchObject({ outcome: 'done', clock: 'not-started' });
  expect(answer.problems?.join()).toContain('clock');
  expect(await flagsOf(site)).toEqual(SAFE);
});

test('Ten alarms in five minutes are one override, one incident and one message.', async () => {
  const site = await openSite();
  const { starts, clock } = memoryClock();
  const incidents = new Set<string | undefined>();
  for (let count = 0; count < 10; count += 1) {
    const answer = await send(site, { at: site.clock.now(), ports: { incidentClock: clock } });
    expect(answer.outcome).toBe('done');
    incidents.add(answer.incident);
    await site.clock.advance(30_000);
  }
  expect(incidents.size).toBe(1);
  expect((await site.ports.flags.read()).overrides).toHaveLength(1);
  expect(site.messenger.sent.map(({ code }) => code)).toEqual(['safe-state-on']);
  expect(new Set(starts.map(({ incident }) => incident)).size).toBe(1);
  const opened = (await site.entries([...incidents][0] ?? '')).filter(
    ({ kind }) => kind === 'incident-opened',
  );
  expect(opened).toHaveLength(1);
});

test('Several alarms at the same moment are one incident.', async () => {
  const site = await openSite();
  const at = site.clock.now();
  const rule = { alarms: ['shop-5xx', 'shop-p95', 'shop-pay'] };
  const answers = await Promise.all(
    ['shop-5xx', 'shop-p95', 'shop-pay'].map((name) => send(site, { at, name, rule })),
  );
  expect(new Set(answers.map(({ incident }) => incident)).size).toBe(1);
  expect((await site.ports.flags.read()).overrides).toHaveLength(1);
});

test('A signal that comes and goes makes safe, and its clock knows to start nothing above.', async () => {
  const site = await openSite();
  const { starts, clock } = memoryClock();
  const alarms = historyOf(site, 900_000, 600_000, 0);
  const answer = await send(site, { ports: { incidentClock: clock, alarms } });
  expect(answer).toMatchObject({ outcome: 'done', level: 'application' });
  expect(answer.held_at_flags).toContain('comes and goes');
  expect(starts[0]?.held_at_flags).toBe(answer.held_at_flags);
});

test('A history that hangs holds up nothing, and counts as one that comes and goes.', async () => {
  const site = await openSite();
  const alarms = { ...historyOf(site), changes: () => new Promise<never>(() => undefined) };
  const began = site.clock.now();
  const answer = await send(site, { ports: { alarms } });
  expect(site.clock.now() - began).toBeLessThan(5_000);
  expect(answer.held_at_flags).toContain('cannot be told');
});

describe('An event of six minutes ago', () => {
  const old = 360_000;
  test('acts when the alarm is still red', async () => {
    const site = await openSite();
    const alarms = historyOf(site);
    const answer = await send(site, { at: site.clock.now() - old, ports: { alarms } });
    expect(answer).toMatchObject({ decision: 'act', outcome: 'done' });
  });

  test('does nothing when it has recovered', async () => {
    const site = await openSite();
    const alarms = { ...historyOf(site), read: async () => ({ state: 'OK', since: undefined }) };
    const answer = await send(site, { at: site.clock.now() - old, ports: { alarms } });
    expect(answer).toMatchObject({ decision: 'ignore', code: 'recovered' });
    expect(await flagsOf(site)).toEqual(BASE);
  });

  test('calls a person when nobody can tell', async () => {
    const site = await openSite();
    const answer = await send(site, { at: site.clock.now() - old });
    expect(answer).toMatchObject({ decision: 'refuse', code: 'E_ALARM_REREAD' });
    expect(site.messenger.sent).toMatchObject([{ code: 'person-needed' }]);
    expect(await flagsOf(site)).toEqual(BASE);
  });
});

test('What would have been done is written down once, for the report, and opens no incident.', async () => {
  const site = await openSite();
  const at = site.clock.now();
  const rule = { automation: 'observe' } as const;
  for (let copy = 0; copy < 2; copy += 1) await send(site, { at, rule });
  const entries = await site.entries(observedDay(at));
  expect(observationsIn(entries)).toMatchObject([
    { rules: ['critical-errors'], level: 'application', alarm: { name: 'shop-5xx' } },
  ]);
  const [record] = await site.ports.journal.incidents(site.ports.scope);
  expect(record === undefined || isMaintenance(record)).toBe(true);
});
