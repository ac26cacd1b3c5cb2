import { describe, expect, it } from 'vitest';
import { memoryCheck } from '../../../src/adapters/memory/check.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type { BreakerState } from '../../../src/model/breaker.ts';
import type { FlagSnapshot, Override } from '../../../src/model/flags.ts';
import type { Instance } from '../../../src/model/instance.ts';
import { breakersCheck, type ExpectedBreakers } from '../../../src/operations/checks/breakers.ts';
import { flagsSafeCheck } from '../../../src/operations/checks/flags-safe.ts';
import type { Breakers } from '../../../src/ports/breakers.ts';

const NOW = Date.UTC(2025, 0, 12, 3);
const clock = { ...systemClock, now: () => NOW };
const { signal } = new AbortController();
const since = '2025-01-12T02:59:00.000Z';
const safe: Override = {
  mode: 'safe',
  incident: 'incident1',
  since,
  by: 'kim',
  rule: 'manual',
  reason: 'a test',
};

const never = () => Promise.reject(new Error('not asked for'));

function breakersWith(states: Record<string, BreakerState>, instances: Instance[] = []): Breakers {
  const epoch = { generation: 'g', counter: 7 };
  return {
    read: () => Promise.resolve({ epoch, states, overrides: [] }),
    instances: () => Promise.resolve(instances),
    trip: never,
    set: never,
    announce: never,
  };
}

function flagsCheck(
  snapshot: Partial<FlagSnapshot>,
  more: { groups?: 'all' | string[]; instances?: Instance[] } = {},
) {
  const whole = {
    base: { shop: { sales: true, limit: 5 }, mail: { digest: true } },
    safe: { shop: { sales: false }, mail: { digest: false } },
    overrides: [],
    ...snapshot,
  };
  return flagsSafeCheck({
    name: 'flags',
    stages: ['now'],
    flags: { read: () => Promise.resolve(whole) },
    groups: more.groups ?? 'all',
    ...(more.instances === undefined
      ? {}
      : { acknowledged: { breakers: breakersWith({}, more.instances), silentAfterMs: 6_000 } }),
    timeoutMs: 500,
    clock,
  });
}

describe('flags at their safe values', () => {
  it.each<[string, FlagSnapshot['overrides'], 'all' | string[], string]>([
    ['an override of everything', [safe], 'all', 'passed'],
    [
      'an override of one group, when only that one counts',
      [{ ...safe, groups: ['shop'] }],
      ['shop'],
      'passed',
    ],
    ['an override of one group, when all count', [{ ...safe, groups: ['shop'] }], 'all', 'failed'],
    ['no override', [], 'all', 'failed'],
    [
      'a lifted override',
      [{ mode: 'lifted', incident: 'a', since, by: 'kim', reason: 'r' }],
      'all',
      'failed',
    ],
    [
      'an unreadable override',
      [{ mode: 'unreadable', incident: 'a', problem: 'x' }],
      'all',
      'passed',
    ],
    ['groups without safe values', [safe], ['nothing'], 'inconclusive'],
  ])('given %s', async (_, overrides, groups, verdict) => {
    const check = flagsCheck({ overrides }, { groups });
    expect(await check.run({ safeState: true, signal })).toMatchObject({ verdict });
  });

  it('names the flags that are not safe', async () => {
    const check = flagsCheck({ overrides: [{ ...safe, groups: ['mail'] }] });
    const measurement = await check.run({ safeState: true, signal });
    expect(measurement?.reason).toContain('shop.sales');
    expect(measurement?.reason).not.toContain('limit');
  });

  const heartbeat = new Date(NOW - 1_000).toISOString();
  const ready: Instance = { id: 'web-1', heartbeat, applied: { generation: 'g', counter: 7 } };
  it.each<[string, Instance[], string]>([
    ['all acknowledged', [ready], 'passed'],
    ['one lags', [ready, { ...ready, id: 'web-2', applied: undefined }], 'failed'],
    ['one fell silent', [{ ...ready, heartbeat: since }], 'inconclusive'],
    ['there is none', [], 'inconclusive'],
  ])('and the instances: %s', async (_, instances, verdict) => {
    const check = flagsCheck({ overrides: [safe] }, { instances });
    expect(await check.run({ safeState: true, signal })).toMatchObject({ verdict });
  });
});

describe('breakers as expected', () => {
  const states: Record<string, BreakerState> = {
    stripe: { state: 'open', since, by: 'kim', reason: 'r' },
    twilio: { state: 'isolated', since, by: 'kim', reason: 'r' },
    fcm: { state: 'half-open', since, by: 'kim', sample: 0.1 },
    apns: { state: 'closed', since, by: 'kim' },
  };
  it.each<[ExpectedBreakers, string[], string]>([
    ['open', ['stripe', 'twilio'], 'passed'],
    ['open', ['stripe', 'fcm'], 'failed'],
    ['open', ['stripe', 'never-set'], 'failed'],
    ['open', ['stripe', 'constructor'], 'failed'],
    ['closed', ['apns', 'never-set', 'constructor'], 'passed'],
    ['closed', ['fcm'], 'failed'],
    ['any', ['stripe', 'fcm', 'apns'], 'passed'],
    ['open', [], 'inconclusive'],
  ])('%s, of %j: %s', async (expect_, providers, verdict) => {
    const check = breakersCheck({
      name: 'breakers',
      stages: ['now'],
      breakers: breakersWith(states),
      providers,
      expect: 'any',
      underSafeState: { expect: expect_ },
      timeoutMs: 500,
      clock,
    });
    expect(await check.run({ safeState: true, signal })).toMatchObject({ verdict });
    expect(await check.run({ safeState: false, signal })).toMatchObject({
      verdict: providers.length === 0 ? 'inconclusive' : 'passed',
    });
  });
});

describe('a check in memory', () => {
  it('answers according to the safe state when told to', async () => {
    const check = memoryCheck({
      name: 'a',
      clock,
      verdict: (safeState) => (safeState ? 'failed' : 'passed'),
    });
    expect(await check.run({ safeState: true, signal })).toMatchObject({ verdict: 'failed' });
    expect(await check.run({ safeState: false, signal })).toMatchObject({ verdict: 'passed' });
  });
});
