import { httpCheck } from '../../src/adapters/http/check.ts';
import { memoryCheck } from '../../src/adapters/memory/check.ts';
import { systemClock as clock } from '../../src/adapters/system-clock.ts';
import type { BreakerState } from '../../src/model/breaker.ts';
import type { Override } from '../../src/model/flags.ts';
import { breakersCheck } from '../../src/operations/checks/breakers.ts';
import { flagsSafeCheck } from '../../src/operations/checks/flags-safe.ts';
import type { Breakers } from '../../src/ports/breakers.ts';
import type { Check } from '../../src/ports/checks.ts';
import type { FlagStore } from '../../src/ports/flags.ts';
import { closedAddress, httpServer } from '../adapters/http/servers.ts';
import { checkContract } from './check.contract.ts';

const stages = ['now'];
const since = '2025-01-12T03:00:00.000Z';
const nothingToEnd = { [Symbol.asyncDispose]: () => Promise.resolve() };
const notAskedFor = () => Promise.reject(new Error('not asked for'));

function httpStatus(url: string, status = 200): Check {
  const expect = { status };
  return httpCheck({
    name: 'health',
    stages,
    url,
    expect,
    underSafeState: 'skip',
    timeoutMs: 3_000,
    clock,
  });
}

checkContract('http', async () => {
  const server = await httpServer((_request, response) => response.end('ok'));
  return {
    well: httpStatus(server.url),
    ill: httpStatus(server.url, 204),
    unreachable: httpStatus(await closedAddress()),
    safeState: false,
    skipped: { check: httpStatus(server.url), safeState: true },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});

checkContract('memory', () =>
  Promise.resolve({
    well: memoryCheck({ name: 'a', clock }),
    ill: memoryCheck({ name: 'a', clock, verdict: 'failed' }),
    unreachable: memoryCheck({ name: 'a', clock, verdict: () => 'error' }),
    safeState: false,
    skipped: {
      check: memoryCheck({ name: 'a', clock, verdict: () => undefined }),
      safeState: true,
    },
    ...nothingToEnd,
  }),
);

function flagsSafe(read: FlagStore['read']): Check {
  const flags = { read, engage: notAskedFor };
  return flagsSafeCheck({ name: 'flags', stages, flags, groups: 'all', timeoutMs: 100, clock });
}

function covering(groups: string[]): FlagStore['read'] {
  const who = { incident: 'incident1', since, by: 'kim', rule: 'manual', reason: 'a test' };
  const override: Override = { mode: 'safe', groups, ...who };
  return () =>
    Promise.resolve({
      base: { shop: { sales: true }, mail: { digest: true, count: 3 } },
      safe: { shop: { sales: false }, mail: { digest: false } },
      overrides: [override],
    });
}

checkContract('flags-safe', () =>
  Promise.resolve({
    well: flagsSafe(covering(['shop', 'mail'])),
    ill: flagsSafe(covering(['mail'])),
    unreachable: flagsSafe(() => new Promise(() => undefined)),
    safeState: true,
    skipped: { check: flagsSafe(covering(['shop', 'mail'])), safeState: false },
    ...nothingToEnd,
  }),
);

function breakersOpen(
  read: Breakers['read'],
  underSafeState: 'skip' | { expect: 'open' } = { expect: 'open' },
): Check {
  return breakersCheck({
    name: 'breakers',
    stages,
    breakers: {
      read,
      trip: notAskedFor,
      set: notAskedFor,
      announce: notAskedFor,
      instances: notAskedFor,
    },
    providers: ['stripe', 'twilio'],
    expect: 'closed',
    underSafeState,
    timeoutMs: 100,
    clock,
  });
}

function holding(states: Record<string, BreakerState>): Breakers['read'] {
  return () => Promise.resolve({ epoch: { generation: 'g', counter: 1 }, states, overrides: [] });
}

checkContract('breakers', () => {
  const open: BreakerState = { state: 'open', since, by: 'kim', reason: 'a test' };
  return Promise.resolve({
    well: breakersOpen(holding({ stripe: open, twilio: { ...open, state: 'isolated' } })),
    ill: breakersOpen(holding({ stripe: open })),
    unreachable: breakersOpen(() => Promise.reject(new Error('Connection refused.'))),
    safeState: true,
    skipped: { check: breakersOpen(holding({}), 'skip'), safeState: true },
    ...nothingToEnd,
  });
});
