import { expect, test } from 'vitest';
import { parseAlarmEvent } from '../../src/adapters/aws/alarm-event.ts';
import type { AlarmRule } from '../../src/model/alarm.ts';
import { BackoutError } from '../../src/model/error.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import { answerAlarm } from '../../src/operations/answer-alarm.ts';
import type { OperationPorts } from '../../src/operations/operation-ports.ts';
import { ACCOUNT, alarmEvent, REGION } from '../support/alarm-events.ts';
import { BASE, down, openSite, SAFE, type Site, worldOf } from '../support/memory-ports.ts';

const RULE: AlarmRule = {
  for: 60_000,
  min_requests: 0,
  missing: 'notify',
  decision: 'act',
  automatic: 'application',
  automation: 'armed',
  alarms: ['shop-5xx'],
};

function alarmAt(at: number, given: Parameters<typeof alarmEvent>[0] = {}) {
  const parsed = parseAlarmEvent(alarmEvent({ at, ...given }));
  if (parsed.kind !== 'alarm') throw new Error(parsed.shown);
  return parsed.alarm;
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
    ports?: Partial<OperationPorts>;
  } = {},
) {
  const all = { ...site.ports, ...ports };
  return await site.clock.run(
    answerAlarm(all, alarmAt(given.at ?? site.clock.now(), given), {
      rules: { 'critical-errors': { ...RULE, ...rule } },
      armed: true,
      account: ACCOUNT,
      regions: [REGION],
      maxAgeMs: 900_000,
      factsOf: () => all.facts,
    }),
  );
}

async function flagsOf({ ports }: Site): Promise<Record<string, unknown>> {
  const flags = effectiveFlags(await ports.flags.read());
  return Object.fromEntries(flags.map(({ name, value }) => [name, value]));
}

test('An alarm makes safe, and the answer says what is proven, what is off and what is next.', async () => {
  const site = await openSite();
  const answer = await send(site);
  expect(answer).toMatchObject({ decision: 'act', outcome: 'done', not_proven: [] });
  expect(answer.still_off).toEqual(expect.arrayContaining(['sales=false', 'stripe (open)']));
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
  ['only has to be investigated', { rule: { decision: 'investigate' } }],
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
