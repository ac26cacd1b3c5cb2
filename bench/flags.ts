/**
 * How long the flags take in the parameter store, against a real server of the AWS API (moto) on
 * this machine: making safe with 1, 100 and 10,000 flags, and the application's reading of 10,000.
 * Beside it a PutParameter and a GetParameters without us, which is the floor. Calls are counted on
 * the wire, in a round of their own: what counts would cost time.
 *
 * The sizes take turns, so that a machine that is busy for a while is so for all of them.
 *
 *   npm run bench -- flags
 */
import { GetParametersCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { connectBackout } from '../client/index.ts';
import { clientSettings } from '../src/adapters/aws/clients.ts';
import { ssmFlags } from '../src/adapters/aws/ssm-flags.ts';
import { ssmParameters } from '../src/adapters/aws/ssm-parameters.ts';
import { randomIds } from '../src/adapters/random-ids.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { readEnvironment } from '../src/config/environment.ts';
import { parameterPaths } from '../src/config/resource-names.ts';
import type { FlagValues, SafeOverride } from '../src/model/flags.ts';
import { countCalls, startAwsApi } from './support/aws-api.ts';

const SIZES = [1, 100, 10_000];
/** For reading; another number, so that it is another service without 300 incidents. */
const READ = 10_001;
const WARM_UP = 30;
/** So that the 99th of 100 is more than a single outlier. */
const ROUNDS = 300;
const READS = 5;
const LOOKS = 100;
/** What was promised: milliseconds, share by which the largest may differ, milliseconds. */
const PROMISED = { p99Ms: 100, flat: 0.2, readMs: 1_500 };

const PLACE = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const prefix = '/bench';
const open = (endpoint: string): SSMClient =>
  new SSMClient(clientSettings({ ...PLACE, endpoint, tries: 1 }));
const scopeOf = (size: number) => ({ service: `flags${size}`, environment: 'bench' });
const flagsOf = (client: SSMClient, size: number) =>
  ssmFlags({
    calls: ssmParameters({ client, clock: systemClock, ids: randomIds }),
    paths: parameterPaths(prefix, scopeOf(size)),
  });

let kept = true;
await using resources = new AsyncDisposableStack();
const server = resources.use(await startAwsApi(readEnvironment()));
const wire = resources.use(await countCalls(server.url));
const [direct, through] = [open(server.url), open(wire.url)];
resources.defer(() => direct.destroy());
resources.defer(() => through.destroy());
// The server loads this service at its first call, which takes longer than we wait for an answer.
await fetch(server.url, {
  method: 'POST',
  headers: {
    'x-amz-target': 'AmazonSSM.ListCommands',
    'content-type': 'application/x-amz-json-1.1',
  },
  body: '{}',
}).then((answer) => answer.arrayBuffer());

for (const size of SIZES) {
  await flagsOf(direct, size).publish('features', manyFlags(size, true), manyFlags(size, false));
}
await measureSafe();
await measureReading();
process.exitCode = kept ? 0 : 1;

async function measureSafe(): Promise<void> {
  const times = new Map(SIZES.map((size) => [size, [] as number[]]));
  const floor: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    for (const size of SIZES) {
      const ms = await timed(() => flagsOf(direct, size).engage(override()));
      if (round >= WARM_UP) times.get(size)?.push(ms);
    }
    const ms = await timed(() => putAndGet(`${prefix}/floor/${override().incident}`));
    if (round >= WARM_UP) floor.push(ms);
  }
  line('one put and one get without us (floor)', floor);
  for (const size of SIZES) line(`making safe with ${size} flags`, times.get(size) ?? []);
  for (const size of SIZES) {
    wire.counted.clear();
    await flagsOf(through, size).engage(override());
    const puts = wire.counted.get('PutParameter') ?? 0;
    promise(`${size} flags: ${puts} PutParameter, ${total()} calls`, '1 PutParameter', puts === 1);
    const p99 = percentile(times.get(size) ?? [], 0.99);
    promise(`p99 ${p99.toFixed(1)} ms`, `under ${PROMISED.p99Ms} ms`, p99 < PROMISED.p99Ms);
  }
  const medians = SIZES.map((size) => percentile(times.get(size) ?? [], 0.5));
  const spread = Math.max(...medians) / Math.min(...medians) - 1;
  promise(
    `the medians differ by ${(spread * 100).toFixed(1)} %`,
    `at most ${PROMISED.flat * 100} %`,
    spread <= PROMISED.flat,
  );
}

async function measureReading(): Promise<void> {
  const size = READ;
  await flagsOf(direct, size).publish('features', manyFlags(size, true), manyFlags(size, false));
  const name = Object.keys(manyFlags(size, true)).at(-1) ?? '';
  const starts: number[] = [];
  for (let round = 0; round < READS; round += 1) {
    await using client = await connect(server.url, size, 60_000);
    // It has not waited longer than an application may take to start; if it has no values by now,
    // it did not keep its time.
    starts.push(client.snapshot().flag(name, false) ? client.startedMs : Number.POSITIVE_INFINITY);
  }
  line(`the application reads ${size} flags`, starts);
  wire.counted.clear();
  {
    await using client = await connect(wire.url, size, 60_000);
    void client;
  }
  say(
    `… in ${total()} calls (${[...wire.counted].map(([one, times]) => `${times} ${one}`).join(', ')})`,
  );
  const slowest = Math.max(...starts);
  promise(
    `slowest ${slowest.toFixed(0)} ms`,
    `under ${PROMISED.readMs} ms`,
    slowest < PROMISED.readMs,
  );

  await using client = await connect(wire.url, size, 50);
  wire.counted.clear();
  const before = process.cpuUsage();
  while (total() < LOOKS) await systemClock.sleep(20);
  const { user, system } = process.cpuUsage(before);
  say(
    `a look: ${(total() / LOOKS).toFixed(1)} calls, ${((user + system) / 1_000 / LOOKS).toFixed(1)} ms of the processor, what counts calls included`,
  );
  void client;
}

async function connect(endpoint: string, size: number, pollMs: number) {
  const from = performance.now();
  const instance = `bench-${randomIds.next()}`;
  const backout = await connectBackout({
    ...scopeOf(size),
    instance,
    pollMs,
    parameterStore: { ...PLACE, endpoint, prefix },
  });
  return Object.assign(backout, { startedMs: performance.now() - from });
}

function override(): SafeOverride {
  return {
    mode: 'safe',
    incident: randomIds.next(),
    since: new Date().toISOString(),
    by: 'bench',
    rule: 'critical-errors',
    reason: 'error rate 20 %',
  };
}

function manyFlags(count: number, value: boolean): FlagValues {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `checkout_features_${String(at).padStart(5, '0')}_enabled`,
      value,
    ]),
  );
}

async function putAndGet(name: string): Promise<void> {
  await direct.send(
    new PutParameterCommand({ Name: name, Value: 'x'.repeat(120), Type: 'String' }),
  );
  await direct.send(new GetParametersCommand({ Names: [name] }));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function total(): number {
  return [...wire.counted.values()].reduce((sum, count) => sum + count, 0);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function line(name: string, times: readonly number[]): void {
  const [median, p99] = [percentile(times, 0.5).toFixed(1), percentile(times, 0.99).toFixed(1)];
  say(`${name.padEnd(42)} ${median.padStart(7)} ms, p99 ${p99.padStart(7)} ms`);
}

function promise(measured: string, promised: string, isKept: boolean): void {
  kept &&= isKept;
  say(`${measured}; promised ${promised}: ${isKept ? 'kept' : 'BROKEN'}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
