/**
 * An alarm on AWS: the real function in a process of its own, a real parameter store and queues
 * (moto), a real Redis behind control-emergency. Then each part goes away, alone and any two.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { clientSettings } from '../../src/adapters/aws/clients.ts';
import { ssmFlags } from '../../src/adapters/aws/ssm-flags.ts';
import { postgresJournal } from '../../src/adapters/postgres/journal.ts';
import { connectPostgres } from '../../src/adapters/postgres/connection.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { readEntry } from '../../src/adapters/queue/entry-text.ts';
import { redisBreakers } from '../../src/adapters/redis/breakers.ts';
import { connectRedis } from '../../src/adapters/redis/connection.ts';
import { randomIds } from '../../src/adapters/random-ids.ts';
import { parameterPaths } from '../../src/config/resource-names.ts';
import { effectiveFlags } from '../../src/model/flags.ts';
import { verifyChain } from '../../src/model/journal.ts';
import { controlEmergency } from '../../src/wiring/control-function.ts';
import { ACCOUNT, alarmEvent } from '../support/alarm-events.ts';
import { surroundings, TEST_CREDENTIALS, TEST_REGION } from '../support/aws-lambda.ts';
import { callsOf } from '../support/aws-parameters.ts';
import { type AwsProxy, type Behaviour, startAwsProxy } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, awsUrl, loadServices, requireAws } from '../support/aws-server.ts';
import { runHandler, type RunningHandler } from '../support/run-handler.ts';
import { testDatabase, testRedis } from '../support/services.ts';

/** What the handler may take, whatever hangs, and what its caller and this machine add. */
const LIMIT_MS = 5_000;

const SAFE = { digest: false, sales: false };
const BASE = { digest: true, sales: true };
const OPEN = ['square', 'stripe'];

const service = `shop${randomUUID().slice(0, 6)}`;
const scope = { service, environment: 'production' };
const resources = new AsyncDisposableStack();
let proxy: AwsProxy;
let handler: RunningHandler;
let sqs: SQSClient;
let redis: Awaited<ReturnType<typeof testRedis>>;
let databaseUrl: string;
const queueUrls: Record<string, string> = {};
const starts: unknown[] = [];

const CONFIG = `
service: ${service}
environments:
  production:
    account: '${ACCOUNT}'
    regions: [${TEST_REGION}]
    automation: armed
    state: { kind: aws }
    journal: { url: 'env:JOURNAL_URL' }
    redis: { url: 'env:REDIS_URL' }
flags:
  acknowledge_within: 1s
  groups:
    features: { flags: { sales: { default: true, safe: false } } }
    mail: { flags: { digest: { default: true, safe: false } } }
breakers: { providers: { stripe: { tags: [payment] }, square: { tags: [payment] } } }
rules: { critical-errors: { alarms: [shop-5xx] }, slow: { alarms: [shop-p95] } }
`;

/** control-emergency and the clock, as Lambda calls them: by name and alias. */
function functions(control: ReturnType<typeof controlEmergency>): Behaviour {
  return async ({ operation, input }, next) => {
    if (!operation.startsWith('POST /functions/')) return await next();
    const { path, Qualifier: qualifier, ...event } = input;
    const name = decodeURIComponent(String(path).split('/')[2] ?? '');
    if (name.includes('incident-clock')) {
      starts.push(event);
      return { status: 202, body: '' };
    }
    const arn = `arn:aws:lambda:${TEST_REGION}:${ACCOUNT}:function:${name.split(':')[0]}`;
    const alias = typeof qualifier === 'string' ? qualifier : (name.split(':')[1] ?? '');
    const context = { invokedFunctionArn: `${arn}:${alias}` };
    return { status: 200, body: await control.answer(event, context) };
  };
}

beforeEach(requireAws, AWS_SETUP_MS);
let settingUp: Promise<void> | undefined;
beforeEach(() => (settingUp ??= setUp()), 120_000);
beforeEach(async () => {
  proxy.calm();
  proxy.calls.length = 0;
  starts.length = 0;
  await liftAll();
});
afterAll(() => resources.disposeAsync());

async function setUp(): Promise<void> {
  await loadServices('ssm', 'sqs', 'cloudwatch');
  redis = resources.use(await testRedis());
  databaseUrl = resources.use(await testDatabase()).url;
  const folder = await mkdtemp(join(tmpdir(), 'alarm-aws-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'backout.yml');
  await writeFile(file, CONFIG);
  const stores = { JOURNAL_URL: databaseUrl, REDIS_URL: redis.url };
  const control = resources.use(
    controlEmergency(
      { ...surroundings(awsUrl()), ...stores, BACKOUT_CONFIG: file, LAMBDA_TASK_ROOT: folder },
      () => undefined,
    ),
  );
  proxy = resources.use(
    await startAwsProxy({ upstream: awsUrl(), behaviours: [functions(control)] }),
  );
  sqs = new SQSClient(
    clientSettings({ region: TEST_REGION, endpoint: awsUrl(), credentials: TEST_CREDENTIALS }),
  );
  resources.defer(() => sqs.destroy());
  for (const queue of ['messages', 'journal']) {
    const made = await sqs.send(new CreateQueueCommand({ QueueName: `${service}-${queue}` }));
    queueUrls[queue] = `${proxy.url}${new URL(made.QueueUrl ?? '').pathname}`;
  }
  const flags = directFlags();
  await flags.publish('features', { sales: true }, { sales: false });
  await flags.publish('mail', { digest: true }, { digest: false });
  handler = resources.use(
    await runHandler('on-alarm', {
      ...surroundings(proxy.url),
      PATH: '',
      BACKOUT_CONFIG: file,
      LAMBDA_TASK_ROOT: folder,
      BACKOUT_MESSAGE_QUEUE_URL: queueUrls['messages'] ?? '',
      BACKOUT_JOURNAL_QUEUE_URL: queueUrls['journal'] ?? '',
      // It has neither the address of the journal nor that of Redis, and no token.
    }),
  );
}

/** Somebody who looks at the parameter store past the proxy. */
function directFlags() {
  const calls = callsOf(directSsm());
  return ssmFlags({ calls, paths: parameterPaths('/backout', scope) });
}

let ssm: SSMClient | undefined;
function directSsm(): SSMClient {
  ssm ??= new SSMClient(
    clientSettings({
      region: TEST_REGION,
      endpoint: awsUrl(),
      credentials: TEST_CREDENTIALS,
      tries: 1,
    }),
  );
  return ssm;
}

const answerSchema = z.looseObject({
  decision: z.string(),
  code: z.string(),
  incident: z.string(),
  outcome: z.string().optional(),
  proven: z.array(z.string()).default([]),
  not_proven: z.array(z.string()).default([]),
  problems: z.array(z.string()).default([]),
  clock: z.string().optional(),
});

/** An alarm of now. */
async function alarm(name = 'shop-5xx') {
  const event = alarmEvent({ name, region: TEST_REGION, at: Date.now() });
  const began = performance.now();
  const answered = await handler.call(event).then(
    (answer) => ({ answer: answerSchema.parse(answer), error: undefined }),
    (error: unknown) => ({ answer: undefined, error: String(error) }),
  );
  return { ...answered, ms: performance.now() - began };
}

/** A person has ended what was before. */
async function liftAll(): Promise<void> {
  const flags = directFlags();
  for (const { incident, mode } of await flags.overrides()) {
    if (mode !== 'safe') continue;
    const since = new Date().toISOString();
    await flags.lift({ mode: 'lifted', incident, since, by: 'maria', reason: 'well' });
  }
  for (const provider of OPEN) {
    const { epoch } = await breakers().read();
    const since = new Date().toISOString();
    await breakers().set(provider, { state: 'closed', since, by: 'maria' }, epoch);
  }
  await drainQueue('journal');
  await drainQueue('messages');
}

async function drainQueue(queue: string): Promise<string[]> {
  const bodies: string[] = [];
  const url = `${awsUrl()}${new URL(queueUrls[queue] ?? '').pathname}`;
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return bodies;
    for (const { Body = '', ReceiptHandle } of Messages) {
      bodies.push(Body);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
  }
}

/** What is safe, read where it is: past the function and past the proxy. */
async function world() {
  const snapshot = await directFlags().read();
  const values = effectiveFlags(snapshot).map(({ name, value }) => [name, value] as const);
  const { states } = await breakers().read();
  const open = Object.entries(states).filter(([, { state }]) => state === 'open');
  return { flags: Object.fromEntries(values), open: open.map(([name]) => name).toSorted() };
}

let direct: ReturnType<typeof connectRedis> | undefined;
function breakers() {
  direct ??= resources.use(connectRedis(redis.url));
  return redisBreakers({ redis: direct, scope, ids: randomIds });
}

test('Everything is there: safe, proven and handed on, with one write.', async () => {
  const { answer, ms } = await alarm();
  expect(answer).toMatchObject({ decision: 'act', code: 'rule-met', clock: 'started' });
  expect(answer?.not_proven.filter((one) => !one.includes('acknowledges'))).toEqual([]);
  expect(ms).toBeLessThan(LIMIT_MS);
  expect(await world()).toEqual({ flags: SAFE, open: OPEN });
  // One decision, one write, however many flags; and nothing was read that grows with them.
  expect(proxy.inputs('PutParameter')).toHaveLength(1);
  const paths = proxy.inputs('GetParametersByPath').map(({ Path }) => Path);
  expect(new Set(paths)).toEqual(new Set([`/backout/${service}/production/overrides`]));
  expect(starts).toMatchObject([{ incident: answer?.incident, decision: 'act', ...scope }]);
  const messages = (await drainQueue('messages')).map((text) => JSON.parse(text) as object);
  expect(messages).toMatchObject([{ code: 'safe-state-on' }]);
});

test('What only has to be investigated changes nothing, and its clock is started.', async () => {
  const { answer } = await alarm('shop-p95');
  expect(answer).toMatchObject({ decision: 'investigate', clock: 'started' });
  expect(proxy.inputs('PutParameter')).toEqual([]);
  expect(await world()).toEqual({ flags: BASE, open: [] });
  expect(starts).toMatchObject([{ decision: 'investigate', rule: 'slow' }]);
});

/** Hangs until the caller goes away, like something that takes 30 s. */
const hang =
  (isIt: (service: string, operation: string, url: string) => boolean): Behaviour =>
  async ({ service: of, operation, input }, next, gone) => {
    const address = input['QueueUrl'] ?? input['path'];
    const url = typeof address === 'string' ? address : '';
    if (!isIt(of, operation, url)) return await next();
    await new Promise((resolve) => gone.addEventListener('abort', resolve, { once: true }));
    return 'drop';
  };

const PARTS = {
  'SSM hanging': hang((of) => of === 'ssm'),
  'SSM down': async ({ service: of }, next) =>
    of === 'ssm' ? { status: 503, error: 'ServiceUnavailable', body: 'down' } : await next(),
  'breakers unreachable': hang((_of, _what, url) => url.includes('control-emergency')),
  'the journal down': hang((_of, what, url) => what === 'SendMessage' && url.endsWith('-journal')),
  'messages hanging': hang((_of, what, url) => what === 'SendMessage' && url.endsWith('-messages')),
  // GitHub is not on this path: the clock is, which hands over to it.
  'the clock and GitHub away': hang((_of, _what, url) => url.includes('incident-clock')),
} satisfies Record<string, Behaviour>;
type Part = keyof typeof PARTS;
const names = Object.keys(PARTS) as Part[];
const groups = [
  ...names.map((name) => [name]),
  ...names.flatMap((first, index) => names.slice(index + 1).map((second) => [first, second])),
].filter((group) => !(group.includes('SSM hanging') && group.includes('SSM down')));

describe.each(groups.map((parts) => ({ parts, name: parts.join(' and ') })))(
  'With $name',
  ({ parts }) => {
    const isGone = (...which: Part[]): boolean => which.some((one) => parts.includes(one));

    test('it ends within 5 s, says what is safe, and loses nothing of the record', async () => {
      for (const part of parts) proxy.use(PARTS[part]);
      const printedBefore = handler.printed().length;
      const { answer, error, ms } = await alarm();
      expect(ms).toBeLessThan(LIMIT_MS);
      proxy.calm();

      const flagsGone = isGone('SSM hanging', 'SSM down');
      const breakersGone = isGone('breakers unreachable');
      const now = await world();
      expect(now.open).toEqual(breakersGone ? [] : OPEN);
      expect(now.flags).toEqual(flagsGone ? BASE : SAFE);
      // Only when no lever at all could be pulled it fails, so that it is called again.
      expect(error?.includes('Neither the flags nor the breakers')).toBe(
        flagsGone && breakersGone ? true : undefined,
      );
      const proven = answer?.proven.join('\n') ?? '';
      expect(proven.includes('safe values')).toBe(!flagsGone && answer !== undefined);
      expect(proven.includes('circuit breakers')).toBe(!breakersGone && answer !== undefined);
      const said = answer?.problems.join('\n') ?? '';
      expect(
        answer === undefined || said.includes('Message to') === isGone('messages hanging'),
      ).toBe(true);
      expect(answer?.clock).toBe(
        answer === undefined
          ? undefined
          : isGone('the clock and GitHub away')
            ? 'not-started'
            : 'started',
      );

      const kept = await recover(handler.printed().slice(printedBefore));
      expect(kept.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining([
          'incident-opened',
          'execution-started',
          'execution-ended',
          'message',
        ]),
      );
      expect(verifyChain(kept)).toMatchObject({ intact: true });
    });
  },
);

/** After the outage: what waited in the queue, and what is only in the log, enters the journal. */
async function recover(printed: string) {
  const fromLog = printed.split('\n').flatMap((line) => {
    const text = /"journal_entry":("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
    return text === undefined ? [] : [String(JSON.parse(text))];
  });
  const waiting = [...(await drainQueue('journal')), ...fromLog]
    .flatMap((text) => readEntry(text) ?? [])
    .toSorted((a, b) => (a.entry.at < b.entry.at ? -1 : 1));
  await using postgres = connectPostgres(databaseUrl, { applicationName: 'test' });
  await migrate(postgres);
  const journal = postgresJournal(postgres);
  const incident = waiting[0]?.entry.incident ?? '';
  const renamed = `${incident}-${randomUUID().slice(0, 8)}`;
  for (const { entry } of waiting) {
    // Each test is an incident of its own.
    const key = entry.key.replace(incident, renamed);
    await journal.append({ ...entry, incident: renamed, key });
  }
  return await journal.read(scope, renamed);
}
