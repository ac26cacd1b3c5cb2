/**
 * How long the function on-alarm takes to make a service with 1, 100 and 10,000 flags safe: the whole
 * handler, against a real server of the AWS API (moto) on this machine. The sizes take turns, so
 * that a machine that is busy for a while is so for all of them.
 *
 *   npm run bench -- alarm
 */
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DeleteParameterCommand, GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientSettings } from '../src/adapters/aws/clients.ts';
import { ssmFlags } from '../src/adapters/aws/ssm-flags.ts';
import { ssmParameters } from '../src/adapters/aws/ssm-parameters.ts';
import { randomIds } from '../src/adapters/random-ids.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { readEnvironment } from '../src/config/environment.ts';
import { FUNCTION_VARIABLES, parameterPaths } from '../src/config/resource-names.ts';
import { type AlarmFunction, alarmFunction } from '../src/wiring/alarm-function.ts';
import { countCalls, startAwsApi } from './support/aws-api.ts';

const SIZES = [1, 100, 10_000];
const WARM_UP = 10;
/** So that the 99th of 100 is more than a single outlier. */
const ROUNDS = 100;
/** What was promised: milliseconds, and the share by which the largest median may differ. */
const PROMISED = { p99Ms: 100, flat: 0.2 };
const REGION = 'eu-central-1';
const ACCOUNT = '123456789012';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

const environment = readEnvironment();
await using resources = new AsyncDisposableStack();
const server = resources.use(await startAwsApi(environment));
const wire = resources.use(await countCalls(server.url));
const folder = await mkdtemp(join(tmpdir(), 'backout-bench-'));
resources.defer(() => rm(folder, { recursive: true, force: true }));
// The server loads a service at its first call, which takes longer than we wait for an answer.
for (const [target, version] of [
  ['AmazonSSM.ListCommands', '1.1'],
  ['AmazonSQS.ListQueues', '1.0'],
  ['GraniteServiceVersion20100801.ListDashboards', '1.0'],
]) {
  await fetch(server.url, {
    method: 'POST',
    headers: { 'x-amz-target': target ?? '', 'content-type': `application/x-amz-json-${version}` },
    body: '{}',
  }).then((answer) => answer.arrayBuffer());
}
const settings = { region: REGION, endpoint: server.url, credentials };
const ssm = new SSMClient(clientSettings({ ...settings, tries: 1 }));
const sqs = new SQSClient(clientSettings(settings));
resources.defer(() => ssm.destroy());
resources.defer(() => sqs.destroy());

const functions = new Map<number, AlarmFunction>();
for (const size of SIZES) functions.set(size, resources.use(await open(size, wire.url)));

let kept = true;
const times = new Map(SIZES.map((size) => [size, [] as number[]]));
for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
  for (const size of SIZES) {
    const ms = await answerOne(size, functions.get(size));
    if (round >= WARM_UP) times.get(size)?.push(ms);
  }
}
const medians: number[] = [];
for (const [size, all] of times) {
  const [median, p99] = [percentile(all, 0.5), percentile(all, 0.99)];
  medians.push(median);
  say(`${String(size).padStart(6)} flags: ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  promise(`p99 ${p99.toFixed(1)} ms`, `under ${PROMISED.p99Ms} ms`, p99 < PROMISED.p99Ms);
}
const spread = Math.max(...medians) / Math.min(...medians) - 1;
promise(
  `the medians differ by ${(spread * 100).toFixed(1)} %`,
  `at most ${PROMISED.flat * 100} %`,
  spread <= PROMISED.flat,
);
for (const size of SIZES) {
  await using counted = await open(size, wire.url);
  wire.counted.clear();
  // A minute of its own: a new incident, as in a real night.
  await answerOne(size, counted, 240_000);
  const puts = wire.counted.get('PutParameter') ?? 0;
  promise(`${size} flags: ${puts} PutParameter`, 'exactly 1', puts === 1);
}
process.exitCode = kept ? 0 : 1;

/** The function of a service with so many flags, with its flags published. */
async function open(size: number, endpoint: string): Promise<AlarmFunction> {
  const service = `alarm${size}`;
  const names = Array.from({ length: size }, (_, at) => `feature_${String(at).padStart(5, '0')}`);
  const all = (value: boolean) => Object.fromEntries(names.map((name) => [name, value]));
  await flagsOf(size).publish('features', all(true), all(false));
  const file = join(folder, `${service}.yml`);
  await writeFile(
    file,
    JSON.stringify({
      service,
      environments: {
        bench: {
          account: ACCOUNT,
          regions: [REGION],
          automation: 'armed',
          state: { kind: 'aws', parameter_prefix: '/bench' },
        },
      },
      flags: {
        groups: {
          features: {
            flags: Object.fromEntries(names.map((name) => [name, { default: true, safe: false }])),
          },
        },
      },
      // Level flags: moto has no history of alarms, which is asked for anything above.
      rules: { 'critical-errors': { alarms: ['shop-5xx'], automatic: 'flags' } },
    }),
  );
  const queueOf = async (queue: string): Promise<string> => {
    const made = await sqs.send(new CreateQueueCommand({ QueueName: `${service}-${queue}` }));
    return `${endpoint}${new URL(made.QueueUrl ?? '').pathname}`;
  };
  process.env['AWS_ENDPOINT_URL'] = endpoint;
  process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
  const variables = {
    ...environment.variables,
    BACKOUT_CONFIG: file,
    LAMBDA_TASK_ROOT: folder,
    [FUNCTION_VARIABLES.messages]: await queueOf('messages'),
    [FUNCTION_VARIABLES.journal]: await queueOf('journal'),
  };
  return alarmFunction(variables, () => undefined);
}

/** One alarm, made safe; then it is forgotten, so that the next one is news. */
async function answerOne(
  size: number,
  on: AlarmFunction | undefined,
  aheadMs = 0,
): Promise<number> {
  if (on === undefined) throw new Error(`There is no function for ${size} flags.`);
  const stamp = new Date(Date.now() + aheadMs).toISOString();
  const event = {
    source: 'aws.cloudwatch',
    alarmArn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:shop-5xx`,
    accountId: ACCOUNT,
    region: REGION,
    time: stamp,
    alarmData: {
      alarmName: 'shop-5xx',
      state: { value: 'ALARM', reason: 'Threshold Crossed', timestamp: stamp },
    },
  };
  const from = performance.now();
  const answer = await on.answer(event);
  const ms = performance.now() - from;
  if (!('outcome' in answer) || answer.outcome !== 'done') {
    throw new Error(`It was not made safe: ${JSON.stringify(answer)}`);
  }
  await forget(size);
  return ms;
}

/** Takes the override away, as if its incident were long over and tidied up. */
async function forget(size: number): Promise<void> {
  const Path = `/bench/alarm${size}/bench/overrides`;
  const { Parameters = [] } = await ssm.send(new GetParametersByPathCommand({ Path }));
  for (const { Name } of Parameters) await ssm.send(new DeleteParameterCommand({ Name }));
}

function flagsOf(size: number) {
  return ssmFlags({
    calls: ssmParameters({ client: ssm, clock: systemClock, ids: randomIds }),
    paths: parameterPaths('/bench', { service: `alarm${size}`, environment: 'bench' }),
  });
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function promise(measured: string, promised: string, isKept: boolean): void {
  kept &&= isKept;
  say(`${measured}; promised ${promised}: ${isKept ? 'kept' : 'BROKEN'}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
