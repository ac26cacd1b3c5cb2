import { commandCheck } from '../../src/adapters/command/command-check.ts';
import { httpCheck } from '../../src/adapters/http/check.ts';
import { journeyCheck } from '../../src/adapters/http/journey.ts';
import { memoryCheck } from '../../src/adapters/memory/check.ts';
import { jsonMetric } from '../../src/adapters/metrics/http-json.ts';
import { sqlCheck } from '../../src/adapters/postgres/sql-check.ts';
import { systemClock as clock } from '../../src/adapters/system-clock.ts';
import type { BreakerState } from '../../src/model/breaker.ts';
import type { Override } from '../../src/model/flags.ts';
import { breakersCheck } from '../../src/operations/checks/breakers.ts';
import { flagsSafeCheck } from '../../src/operations/checks/flags-safe.ts';
import { metricCheck } from '../../src/operations/checks/metric.ts';
import type { Breakers } from '../../src/ports/breakers.ts';
import type { Check } from '../../src/ports/checks.ts';
import type { FlagStore } from '../../src/ports/flags.ts';
import { closedAddress, httpServer, type RecordingServer } from '../adapters/http/servers.ts';
import { testDatabase } from '../support/services.ts';
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
  return flagsSafeCheck({
    name: 'flags',
    stages,
    flags: { read },
    groups: 'all',
    timeoutMs: 100,
    clock,
  });
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

/** An account that is opened and then read: `answer` is the status of the second request. */
async function accounts(answer = 200): Promise<RecordingServer> {
  return await httpServer((request, response) => {
    if (request.method === 'POST') response.writeHead(201).end('{"id": "a/7"}');
    else response.writeHead(answer).end('{}');
  });
}

function signUp(url: string, underSafeState?: 'skip'): Check {
  const request = { headers: {}, capture: {} };
  return journeyCheck({
    name: 'sign-up',
    stages,
    steps: [
      {
        ...request,
        name: 'open an account',
        url: `${url}/accounts`,
        method: 'POST',
        body: { email: '{unique}@example.com' },
        capture: { account: '/id' },
        expect: { status: 201 },
      },
      {
        ...request,
        name: 'read it',
        url: `${url}/{account}`,
        method: 'GET',
        expect: { status: 200 },
      },
    ],
    underSafeState,
    timeoutMs: 3_000,
    clock,
    unique: () => 'once',
    places: {},
  });
}

checkContract('journey', async () => {
  const [well, ill] = await Promise.all([accounts(), accounts(404)]);
  return {
    well: signUp(well.url),
    ill: signUp(ill.url),
    unreachable: signUp(await closedAddress()),
    safeState: false,
    skipped: { check: signUp(well.url, 'skip'), safeState: true },
    async [Symbol.asyncDispose]() {
      await well[Symbol.asyncDispose]();
      await ill[Symbol.asyncDispose]();
    },
  };
});

function answersOne(url: string, underSafeState?: 'skip', value = 1): Check {
  const query = 'select 1::bigint';
  const common = { stages, query, expect: { value }, underSafeState, timeoutMs: 3_000, clock };
  return sqlCheck({ name: 'database', url, ...common });
}

checkContract('sql', async () => {
  const database = await testDatabase();
  const closed = (await closedAddress()).replace('http:', 'postgres:');
  return {
    well: answersOne(database.url),
    ill: answersOne(database.url, undefined, 2),
    unreachable: answersOne(closed),
    safeState: false,
    skipped: { check: answersOne(database.url, 'skip'), safeState: true },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
});

function program(argv: string[], underSafeState?: 'skip'): Check {
  const expect = { exit_code: 0 };
  const common = { stages, cwd: '.', env: {}, secrets: [], expect, timeoutMs: 5_000, clock };
  return commandCheck({ name: 'program', argv, underSafeState, ...common });
}

checkContract('command', () =>
  Promise.resolve({
    well: program([process.execPath, '-e', '']),
    ill: program([process.execPath, '-e', 'process.exit(3)']),
    unreachable: program(['/no/such/program']),
    safeState: false,
    skipped: { check: program([process.execPath, '-e', ''], 'skip'), safeState: true },
    ...nothingToEnd,
  }),
);

function errorRate(url: string, underSafeState?: 'skip'): Check {
  const where = { url, pointer: '/rate', timeoutMs: 2_000 };
  return metricCheck({
    name: 'errors',
    stages,
    source: jsonMetric({ signal: 'error_rate', unit: 'percent', ...where }),
    expect: { below: 0.01 },
    underSafeState,
    everyMs: 1,
    consecutive: 2,
    failureLimit: 0,
    timeoutMs: 2_000,
    clock,
  });
}

checkContract('metric', async () => {
  const [well, ill] = await Promise.all(
    [0.4, 35].map((rate) => httpServer((_request, response) => response.end(`{"rate": ${rate}}`))),
  );
  if (well === undefined || ill === undefined) throw new Error('There are two.');
  return {
    well: errorRate(well.url),
    ill: errorRate(ill.url),
    unreachable: errorRate(await closedAddress()),
    safeState: false,
    skipped: { check: errorRate(well.url, 'skip'), safeState: true },
    async [Symbol.asyncDispose]() {
      await well[Symbol.asyncDispose]();
      await ill[Symbol.asyncDispose]();
    },
  };
});
