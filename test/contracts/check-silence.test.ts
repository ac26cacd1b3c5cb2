/**
 * What cannot be reached, is late, is garbage or has no data: `error` or `inconclusive`, never
 * passed and never failed, whatever the kind of check.
 */

import type { Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { commandCheck } from '../../src/adapters/command/command-check.ts';
import { httpCheck } from '../../src/adapters/http/check.ts';
import { journeyCheck } from '../../src/adapters/http/journey.ts';
import { jsonMetric } from '../../src/adapters/metrics/http-json.ts';
import { prometheusMetric } from '../../src/adapters/metrics/prometheus.ts';
import { sqlCheck } from '../../src/adapters/postgres/sql-check.ts';
import { systemClock as clock } from '../../src/adapters/system-clock.ts';
import { breakersCheck } from '../../src/operations/checks/breakers.ts';
import { flagsSafeCheck } from '../../src/operations/checks/flags-safe.ts';
import { metricCheck } from '../../src/operations/checks/metric.ts';
import type { Breakers } from '../../src/ports/breakers.ts';
import type { Check } from '../../src/ports/checks.ts';
import type { FlagStore } from '../../src/ports/flags.ts';
import type { MetricSource } from '../../src/ports/metrics.ts';
import { closedAddress, httpServer, rawServer, type TestServer } from '../adapters/http/servers.ts';
import { testDatabase } from '../support/services.ts';

/** Much shorter than any answer of a server that says nothing. */
const TIMEOUT_MS = 300;

const common = { name: 'asked', stages: ['now'], timeoutMs: TIMEOUT_MS, clock };
const database = await testDatabase();
afterAll(() => database[Symbol.asyncDispose]());

const http = (url: string): Check => httpCheck({ ...common, url, expect: { status: 200 } });

function journey(url: string): Check {
  const step = { name: 'look', url, method: 'GET', headers: {}, capture: {} };
  const steps = [{ ...step, expect: { status: 200 } }];
  return journeyCheck({ ...common, steps, unique: () => 'once', places: {} });
}

function sql(url: string, query = 'select 1'): Check {
  return sqlCheck({
    ...common,
    url: url.replace('http:', 'postgres:'),
    query,
    expect: { value: 1 },
  });
}

function metric(source: MetricSource): Check {
  const rhythm = { everyMs: 1, consecutive: 2, failureLimit: 1 };
  return metricCheck({ ...common, ...rhythm, source, expect: { at_least: 0 } });
}

const signal = { signal: 'error_rate', unit: 'ratio', timeoutMs: TIMEOUT_MS } as const;
const json = (url: string): Check => metric(jsonMetric({ ...signal, url, pointer: '/rate' }));
const prometheus = (url: string): Check =>
  metric(prometheusMetric({ ...signal, url, query: 'errors / requests' }));

function program(...argv: string[]): Check {
  const expected = { exit_code: 0 };
  return commandCheck({ ...common, argv, cwd: '.', env: {}, secrets: [], expect: expected });
}
const node = (script: string): Check => program(process.execPath, '-e', script);

function flags(read: () => Promise<unknown>): Check {
  const store = { read } as Pick<FlagStore, 'read'>;
  return flagsSafeCheck({ ...common, flags: store, groups: 'all' });
}

function breakers(read: () => Promise<unknown>, providers = ['stripe']): Check {
  const store = { read } as Breakers;
  const expected = { expect: 'open', underSafeState: { expect: 'open' } } as const;
  return breakersCheck({ ...common, breakers: store, providers, ...expected });
}

const never = (): Promise<never> => new Promise(() => undefined);
const broken = (): Promise<never> => Promise.reject(new Error('it is on fire'));
const says = (text: string) => (socket: Socket) => void socket.end(text, () => socket.destroy());

const overTheWire: [kind: string, make: (url: string) => Check][] = [
  ['http', http],
  ['journey', journey],
  ['sql', sql],
  ['metric from JSON', json],
  ['metric from Prometheus', prometheus],
];

async function ask(check: Check): Promise<string | undefined> {
  // Under the safe state, where every kind of check applies.
  const answer = await check.run({ safeState: true, signal: new AbortController().signal });
  expect(answer?.reason).toMatch(/\S.*\.$/);
  return answer?.verdict;
}

describe.each(overTheWire)('%s', (_kind, make) => {
  test('is an error when nothing listens there.', async () => {
    expect(await ask(make(await closedAddress()))).toBe('error');
  });

  test.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => undefined],
    ['says something else', says('SSH-2.0-OpenSSH_9.2\r\n\r\n')],
    ['cuts the connection', (socket) => void socket.destroy()],
  ])('is an error when the server %s.', async (_what, serve) => {
    await using server: TestServer = await rawServer(serve);
    const before = performance.now();
    expect(await ask(make(server.url))).toBe('error');
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  test('is an error when the caller has no more time.', async () => {
    await using server = await rawServer(() => undefined);
    const answer = await make(server.url).run({ safeState: true, signal: AbortSignal.abort() });
    expect(answer?.verdict).toBe('error');
  });
});

test.each<
  [what: string, make: (url: string) => Check, status: number, body: string, verdict: string]
>([
  ['a page where JSON should be', json, 200, '<html>', 'error'],
  ['a document without the value', json, 200, '{}', 'error'],
  ['a text where a number should be', json, 200, '{"rate": "35"}', 'error'],
  ['a share of 35', json, 200, '{"rate": 35}', 'error'],
  ['a negative share', json, 200, '{"rate": -0.1}', 'error'],
  ['status 503', json, 503, '{"rate": 0}', 'error'],
  ['no data', json, 200, '{"rate": null}', 'inconclusive'],
  ['a page where Prometheus should be', prometheus, 200, '<html>', 'error'],
  ['an error of Prometheus', prometheus, 200, '{"status": "error"}', 'error'],
  ['several series', prometheus, 200, vector('0', '0'), 'error'],
  ['a value that is no number', prometheus, 200, vector('much'), 'error'],
  ['no series', prometheus, 200, vector(), 'inconclusive'],
  ['nothing divided by nothing', prometheus, 200, vector('NaN'), 'inconclusive'],
  ['something divided by nothing', prometheus, 200, vector('+Inf'), 'inconclusive'],
])('A metric source that answers with %s', async (_what, make, status, body, verdict) => {
  await using server = await httpServer((_request, response) => {
    response.writeHead(status).end(body);
  });
  expect(await ask(make(server.url))).toBe(verdict);
});

function vector(...values: string[]): string {
  const result = values.map((value) => ({ metric: {}, value: [1_736_650_800.1, value] }));
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}

test.each<[what: string, query: string, verdict: string]>([
  ['answers with no row', 'select 1 where false', 'inconclusive'],
  ['answers with null', 'select sum(n) from (select 1 as n where false) as none', 'inconclusive'],
  ['names a table that is not there', 'select count(*) from profiles', 'error'],
  ['is none', 'selekt 1', 'error'],
  ['takes too long', 'select pg_sleep(30)', 'error'],
  ['writes', 'create table written (n int)', 'error'],
  ['is two, to leave the transaction', 'select 1; commit; create table written (n int)', 'error'],
])('A query that %s', async (_what, query, verdict) => {
  expect(await ask(sql(database.url, query))).toBe(verdict);
  const written = "select count(*) + 1 from pg_tables where tablename = 'written'";
  expect(await ask(sql(database.url, written))).toBe('passed');
});

test.each<[what: string, check: Check]>([
  ['does not exist', program('/no/such/program')],
  ['does not end', node('setInterval(() => {}, 1000)')],
  ['is ended from outside', node("process.kill(process.pid, 'SIGKILL')")],
  ['only starts another one, which does not exist', program('env', 'no-such-program')],
])('A program that %s is an error.', async (_what, check) => {
  expect(await ask(check)).toBe('error');
});

test.each<[what: string, check: Check, verdict: string]>([
  ['flags-safe without an answer', flags(never), 'error'],
  ['flags-safe with a broken store', flags(broken), 'error'],
  [
    'flags-safe without flags',
    flags(() => Promise.resolve({ base: {}, safe: {}, overrides: [] })),
    'inconclusive',
  ],
  ['breakers without an answer', breakers(never), 'error'],
  ['breakers with a broken store', breakers(broken), 'error'],
  [
    'breakers without providers',
    breakers(() => Promise.resolve({ states: {}, overrides: [] }), []),
    'inconclusive',
  ],
])('%s', async (_what, check, verdict) => {
  expect(await ask(check)).toBe(verdict);
});
