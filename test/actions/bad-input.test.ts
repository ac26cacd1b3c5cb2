/**
 * What cannot be done, handed in on all three ways: the command line, the Action and the function
 * for alarms, the last two as they are built. Each says the same code and what to do, and after all
 * of it nothing is changed and nothing is lost.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../cli/drill/run-function.ts';
import { runAction } from '../../cli/drill/run-action.ts';
import { openSite, type Site } from '../cli/support.ts';
import { ACCOUNT, alarmEvent, REGION } from '../support/alarm-events.ts';
import { testDatabase, testRedis } from '../support/services.ts';

const resources = new AsyncDisposableStack();
let site: Site;
let directory: string;
let alarms: RunningFunction;
let before: Map<string, string>;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  site = resources.use(
    await openSite({
      databaseUrl: database.url,
      redisUrl: redis.url,
      service: redis.name,
      edit: (config) =>
        config
          .replace(
            '  production:\n',
            `  production:\n    automation: armed\n    account: '${ACCOUNT}'\n    regions: [${REGION}]\n`,
          )
          .replace('rules:\n', 'rules:\n  critical-errors: { alarms: [shop-5xx] }\n'),
    }),
  );
  directory = await mkdtemp(join(tmpdir(), 'backout-bad-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  await site.git.git('tag', '--force', 'v1.0.0', 'HEAD');
  const variables = { ...site.env, BACKOUT_CONFIG: join(site.folder, 'backout.yml') };
  alarms = resources.use(await startFunction('on-alarm', variables, () => undefined));
  before = await site.files();
}, 120_000);
afterAll(() => resources.disposeAsync());

const SECRET = 'correct-horse';

/** One bad input of a rollback, the code it has to be answered with, and variables that differ. */
type Row = [
  what: string,
  code: string,
  inputs: Record<string, string>,
  env?: Record<string, string>,
];

const application = (more: Record<string, string> = {}): Record<string, string> => ({
  level: 'application',
  ...more,
});

const ROLLBACKS: Row[] = [
  ['a level that is none', 'E_LEVEL', { level: 'D' }],
  ['a level with a space behind it', 'E_LEVEL', { level: 'flags ' }],
  ['a tag with a command in it', 'E_TAG_FORMAT', application({ to: 'v1.2.3; rm -rf /' })],
  ['a tag that does not exist', 'E_TAG_NOT_FOUND', application({ to: 'v9.9.9' })],
  ['a branch instead of a tag', 'E_TAG_NOT_FOUND', application({ to: 'main' })],
  ['a tag that was moved', 'E_TAG_MOVED', application({ to: 'v1.0.0' })],
  ['the release that is live', 'E_ALREADY_LIVE', application({ to: 'v1.2.0' })],
  ['a release that is held', 'E_TAG_BAD', application({ to: 'v1.1.1' })],
  ['a release newer than the live one', 'E_FORWARD', application({ to: 'v1.3.0' })],
  ['a release never proven good', 'E_APPROVAL', application({ to: 'v1.0.1' })],
  ['an unknown environment', 'E_ENVIRONMENT', application({ environment: 'prodution' })],
  ['a reason of 3 characters', 'E_REASON', application({ reason: 'bad' })],
  ['a reason of 70,000 characters', 'E_REASON', application({ reason: 'x'.repeat(70_000) })],
  ['the level that is not built yet', 'E_NOT_AVAILABLE', { level: 'database' }],
  ['an incident that is a path', 'E_INCIDENT_NAME', application({ incident: '../../x' })],
  ['an incident nobody knows', 'E_INCIDENT_UNKNOWN', application({ incident: 'nobody' })],
  ['a line break', 'E_CONTROL_CHARS', application({ reason: 'orders fail\r\nat noon' })],
  ['text turned round', 'E_CONTROL_CHARS', application({ to: 'v1.0\u202e.1' })],
  ['a configuration that is missing', 'E_CONFIG_FILE', application({ config: 'missing.yml' })],
  // A tag with the password of something in it would be shown as the name of a host.
  [
    'an address of Redis that is none',
    'E_REDIS_URL',
    application(),
    { REDIS_URL: `rediss//:${SECRET}@h` },
  ],
  [
    'an address of Redis that is a path',
    'E_REDIS_URL',
    application(),
    { REDIS_URL: `/${SECRET}.sock` },
  ],
  ['a secret that is not set', 'E_SECRET_MISSING', application(), { REDIS_URL: '' }],
];

describe('A rollback is refused alike by the command line and the Action', () => {
  test.each(ROLLBACKS)('for %s: %s', async (_what, code, inputs, env = {}) => {
    const { level = '', ...options } = inputs;
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const line = await site.call(['rollback', level, ...words, '--yes', '--json'], { env });
    expect(JSON.parse(line.stdout)).toMatchObject({ error: { code } });

    const ran = await run(inputs, env);
    expect(line.stdout + line.stderr + ran.summary + ran.errors.join('')).not.toContain(SECRET);
    expect(ran.outputs).toMatchObject({ code });
    expect(ran.summary).toContain('**Do:**');
    const isFine = code === 'E_ALREADY_LIVE';
    expect(ran.exitCode === 0).toBe(isFine);
    // One annotation with the state and the remedy, or none.
    const told = ran.errors.filter((text) => /State: \S.*Do: \S/.test(text));
    expect([ran.errors.length, told.length]).toEqual(isFine ? [0, 0] : [1, 1]);
  });
});

test('The Action refuses a switch that is neither true nor false.', async () => {
  expect((await run(application({ dry_run: 'yes' }))).outputs).toMatchObject({
    code: 'E_USAGE',
  });
});

const now = (): number => Date.now();
const EVENTS: [what: string, decision: string, code: string, event: () => object][] = [
  ['an empty object', 'ignore', 'not-an-alarm', () => ({})],
  ['a test message', 'ignore', 'not-an-alarm', () => ({ Records: [{ Sns: { Message: 'hi' } }] })],
  [
    'another account',
    'refuse',
    'E_ALARM_SOURCE',
    () => alarmEvent({ account: '999999999999', at: now() }),
  ],
  [
    'another region',
    'refuse',
    'E_ALARM_SOURCE',
    () => alarmEvent({ region: 'us-east-1', at: now() }),
  ],
  ['an unmapped alarm', 'ignore', 'unmapped-alarm', () => alarmEvent({ name: 'cpu', at: now() })],
  ['no state', 'ignore', 'state-unknown', () => alarmEvent({ at: now(), state: { value: null } })],
  [
    'a state in small letters',
    'ignore',
    'state-unknown',
    () => alarmEvent({ at: now(), state: { value: 'alarm' } }),
  ],
  ['an alarm that ends', 'ignore', 'state-ok', () => alarmEvent({ state: { value: 'OK' } })],
  ['an old event', 'ignore', 'stale', () => alarmEvent({ at: now() - 901_000 })],
  [
    'a suppressed alarm',
    'ignore',
    'suppressed',
    () => alarmEvent({ at: now(), state: { actionsSuppressedBy: 'Alarm' } }),
  ],
  ['a muted alarm', 'ignore', 'muted', () => alarmEvent({ at: now(), data: { muteDetail: {} } })],
];

describe('The function for alarms does nothing', () => {
  test.each(EVENTS)('for %s: %s, %s', async (_what, decision, code, event) => {
    const answer = await alarms.invoke(event());
    expect(answer).toMatchObject({ decision, code });
    expect(answer.reason).not.toBe('');
  });
});

test('After all that nothing is changed: no file, no incident, nothing live, no breaker.', async () => {
  expect(await site.files()).toEqual(before);
  expect(await site.changes()).toEqual([]);
  const incidents = await site.call(['incident', 'list', '--json']);
  expect(JSON.parse(incidents.stdout)).toEqual({ incidents: [] });
  const breakers = await site.call(['breakers', 'status', '--json']);
  expect(JSON.parse(breakers.stdout)).toMatchObject({ states: {} });
});

test('And nothing is lost: the next alarm that counts makes safe.', async () => {
  const answer = await alarms.invoke(alarmEvent({ at: now() }));
  expect(answer).toMatchObject({ decision: 'act', outcome: 'done' });
  const shown = await site.call(['incident', 'show', answer.incident ?? '', '--json']);
  expect(shown.code).toBe(0);
});

async function run(inputs: Record<string, string>, env: Record<string, string> = {}) {
  await mkdir(directory, { recursive: true });
  return await runAction({
    action: 'rollback',
    inputs,
    workspace: site.folder,
    directory,
    actor: 'kim',
    variables: { ...site.env, ...env },
    log: () => undefined,
  });
}
