import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { runProgram } from '../../src/adapters/local/run-program.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import {
  ALARM_AT,
  alarmEvent,
  configurationEvent,
  findingEvent,
  queueEvent,
  routedEvent,
  topicEvent,
  topicMessage,
} from '../support/alarm-events.ts';
import { PROGRAM } from './support.ts';

const CONFIG = `
service: shop
environments:
  production:
    account: '123456789012'
    regions: [eu-west-1]
    automation: armed
    state: { kind: embedded, directory: state }
  staging: {}
rules:
  critical-errors: { alarms: [shop-5xx] }
  slow: { alarms: [shop-p95] }
  security-breach: { automation: observe }
`;
const AT = new Date(ALARM_AT + 60_000).toISOString();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decide-'));
  await writeFile(join(folder, 'backout.yml'), CONFIG);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function decide(event: unknown, ...more: string[]) {
  const file = join(folder, 'event.json');
  await writeFile(file, typeof event === 'string' ? event : JSON.stringify(event));
  return await run(['--event', file, ...more]);
}

/** The program as it is, in a process of its own: without any store to talk to. */
async function run(args: string[], config = 'backout.yml') {
  const { variables } = readEnvironment();
  const all = ['decide', '--config', join(folder, config), '-e', 'production', ...args];
  const done = await runProgram(process.execPath, [PROGRAM, ...all], {
    env: { ...variables, TZ: 'UTC' },
    timeoutMs: 20_000,
  }).then(
    (stdout) => ({ stdout, failed: '' }),
    (error: unknown) => ({ stdout: '', failed: String(error) }),
  );
  return done;
}

const schema = z.object({
  decision: z.string(),
  code: z.string(),
  rule: z.string().nullable(),
  level: z.string().nullable(),
  reason: z.string().min(1),
  dedupe_key: z.string().nullable(),
  observing: z.boolean(),
  notes: z.array(z.string()),
});

describe('What an event would lead to is told as data', () => {
  test.each<[string, unknown, object]>([
    [
      'an alarm',
      alarmEvent(),
      { decision: 'act', code: 'rule-met', rule: 'critical-errors', level: 'application' },
    ],
    ['the same through a topic', topicEvent(), { decision: 'act', rule: 'critical-errors' }],
    ['one to look at first', routedEvent({ name: 'shop-p95' }), { decision: 'investigate' }],
    ['one that nobody named', alarmEvent({ name: 'x' }), { decision: 'ignore', rule: null }],
    [
      'the alarm that was made from a rule',
      alarmEvent({ name: 'backout-shop-production-payment-failures' }),
      { decision: 'act', rule: 'payment-failures' },
    ],
    ['one of another account', alarmEvent({ account: '999999999999' }), { decision: 'refuse' }],
    [
      'a finding where the rule only observes',
      findingEvent(),
      { decision: 'act', observing: true, rule: 'security-breach', level: 'flags' },
    ],
    ['a changed set-up', configurationEvent(), { decision: 'ignore', dedupe_key: null }],
    ['anything else', { hello: 'world' }, { decision: 'ignore', code: 'not-an-alarm' }],
  ])('%s', async (_what, event, expected) => {
    const { stdout, failed } = await decide(event, '--at', AT, '--json');
    expect(failed).toBe('');
    expect(schema.parse(JSON.parse(stdout))).toMatchObject(expected);
  });

  test('several messages of a queue are several decisions', async () => {
    const { stdout } = await decide(queueEvent(alarmEvent(), topicMessage()), '--at', AT, '--json');
    const decided = z.array(schema).parse(JSON.parse(stdout));
    expect(decided.map(({ decision }) => decision)).toEqual(['act', 'act']);
    expect(new Set(decided.map(({ dedupe_key: key }) => key)).size).toBe(1);
  });
});

test('An old event would be looked up again first, and that is said.', async () => {
  const at = new Date(ALARM_AT + 360_000).toISOString();
  const { stdout } = await decide(alarmEvent(), '--at', at, '--json');
  const decided = schema.parse(JSON.parse(stdout));
  expect(decided.decision).toBe('act');
  expect(decided.notes.join()).toContain('looked up again');
});

test('For people it fits the screen, and says what would happen.', async () => {
  const { stdout } = await decide(alarmEvent(), '--at', AT);
  expect(stdout).toContain('ACT: the service would be made safe at once');
  expect(stdout).toContain('critical-errors');
  const longest = stdout.split('\n').filter((line) => line.includes(' '));
  // The key is one word, and longer than a line.
  for (const line of longest.filter((one) => !one.includes('arn:'))) {
    expect(line.length).toBeLessThanOrEqual(80);
  }
});

test('Nothing is changed: there is no state afterwards, and no store was needed.', async () => {
  await decide(alarmEvent(), '--at', AT);
  expect(await readdir(folder)).toEqual(expect.arrayContaining(['backout.yml', 'event.json']));
  expect(await readdir(folder)).not.toContain('state');
});

describe('What is no event is refused, with what to do', () => {
  test.each<[string, string, string]>([
    ['an empty file', '', 'is empty'],
    ['a text', 'ALARM!', 'is not JSON'],
    ['half a document', '{"source":', 'is not JSON'],
    ['more than an event can be', `"${'x'.repeat(1_048_577)}"`, 'is larger than'],
  ])('%s', async (_what, text, said) => {
    const { failed } = await decide(text, '--at', AT);
    expect(failed).toContain('E_EVENT');
    expect(failed).toContain(said);
    expect(failed).toContain('Nothing was decided');
  });

  test('a file that is not there', async () => {
    const { failed } = await run(['--event', join(folder, 'none.json')]);
    expect(failed).toContain('E_EVENT');
  });

  test('a time that is none', async () => {
    expect((await decide(alarmEvent(), '--at', 'yesterday')).failed).toContain('E_TIME');
  });
});
