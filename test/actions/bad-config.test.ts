/**
 * A backout.yml that cannot be used, on all three ways: the command line, the Action and the function
 * for alarms, the last two as they are built. Each says E_CONFIG with the line and what to write, and
 * after all of it nothing is changed. The function is one process for all of them: when the file is
 * mended, the next alarm acts.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type RunningFunction, startFunction } from '../../cli/drill/run-function.ts';
import { runAction } from '../../cli/drill/run-action.ts';
import { openSite, type Site } from '../cli/support.ts';
import { alarmEvent } from '../support/alarm-events.ts';
import { testDatabase, testRedis } from '../support/services.ts';
import { until } from '../support/until.ts';

const resources = new AsyncDisposableStack();
let site: Site;
let directory: string;
let file: string;
/** What is right, with the state where the site has it. */
let whole: string;
let alarms: RunningFunction;
let logged: string;
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
          .replace('  production:\n', '  production:\n    automation: armed\n')
          .replace('rules:\n', 'rules:\n  critical-errors: { alarms: [shop-5xx] }\n'),
    }),
  );
  directory = await mkdtemp(join(tmpdir(), 'backout-bad-config-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  file = join(directory, 'backout.yml');
  whole = site.config.replace('directory: .backout', `directory: ${join(site.folder, '.backout')}`);
  logged = '';
  alarms = resources.use(
    await startFunction('on-alarm', { ...site.env, BACKOUT_CONFIG: file }, (line) => {
      logged += `${line}\n`;
    }),
  );
  before = await site.files();
}, 120_000);
afterAll(() => resources.disposeAsync());

const SECRET = 'correct-horse';

/** What is wrong, how it gets into the file, a text of the line named, and words of the complaint. */
type Row = [what: string, from: string, to: string, line: string, says: string];

const ROWS: Row[] = [
  ['a key given twice', 'stages:', 'service: again\nstages:', 'service: again', 'is there twice'],
  [
    'an unknown key',
    'acknowledge_within',
    'acknowledge_withn',
    'acknowledge_withn',
    'Did you mean',
  ],
  ['a wrong type', 'ttl: 3s', 'ttl: [3]', 'ttl: [3]', 'a list'],
  ['a value of another type', 'safe: 10', 'safe: "10"', 'safe: "10"', 'same type'],
  ['no YAML', 'flags:\n', 'flags:\n\tgroups: {}\n', '\tgroups', 'not valid YAML'],
  ['a flag with a wildcard', 'page_size:', '"page_*":', 'page_*', 'page_*'],
  ['a wildcard for groups', "trips: ['tag:payment']", "groups: ['*']", "['*']", '"*"'],
  [
    'a group that is not there',
    "trips: ['tag:payment']",
    'groups: [featurs]',
    'featurs',
    'features',
  ],
  ['a breaker that is not there', "['tag:payment']", '[stripee]', 'stripee', '"stripe"'],
  // Keys of one service lie on one node of a Redis cluster by the braces that we put around its name.
  ['a name with braces', 'service: ', 'service: "a{b}" #', 'a{b}', '"{"'],
  ['an address written out', "'env:REDIS_URL'", `'redis://:${SECRET}@h'`, '@h', 'env:NAME'],
  [
    'a file as large as an attack',
    'stages:',
    `# ${'x'.repeat(1_100_000)}\nstages:`,
    'service',
    '1048576',
  ],
];

const errorSchema = z.object({
  error: z.object({
    code: z.literal('E_CONFIG'),
    state: z.string().min(1),
    remedy: z.string().min(1),
    problems: z.array(z.object({ line: z.int(), message: z.string(), remedy: z.string().min(1) })),
  }),
});

/** A failure as a function logs it. */
const failureSchema = z.object({ failure: z.unknown() });

type Told = z.infer<typeof errorSchema>['error'];

function expectTold({ problems }: Told, line: number, says: string): void {
  const there = problems.filter((one) => one.line === line);
  expect(there.map(({ message, remedy }) => `${message} ${remedy}`).join(' ')).toContain(says);
}

describe('A configuration is refused alike on all three ways', () => {
  test.each(ROWS)('for %s.', async (_what, from, to, at, says) => {
    const text = whole.replace(from, to);
    expect(text).not.toBe(whole);
    await writeFile(file, text);
    const line = text.split('\n').findIndex((one) => one.includes(at)) + 1;

    // The emergency too: what is safe stands in the file that cannot be read.
    for (const words of [['emergency'], ['rollback', 'application', '--yes']]) {
      const run = await site.call([...words, '--config', file, '--json']);
      expect(run.code).toBe(2);
      expectTold(errorSchema.parse(JSON.parse(run.stdout)).error, line, says);
      expect(run.stdout + run.stderr).not.toContain(SECRET);
    }

    for (const level of ['flags', 'application']) {
      const { exitCode, outputs, errors, summary } = await runAction({
        action: 'rollback',
        inputs: { level, config: file },
        workspace: site.folder,
        directory,
        actor: 'kim',
        variables: site.env,
        log: () => undefined,
      });
      expect({ exitCode, code: outputs['code'] }).toEqual({ exitCode: 1, code: 'E_CONFIG' });
      const told = decodeURIComponent(errors.join('\n'));
      expect(told).toContain(`backout.yml:${line}:`);
      expect(told).toContain(says);
      expect(told).toMatch(/State: \S[^]*Do: \S/);
      expect(unescape(summary)).toContain(`backout.yml:${line}:`);
      expect(told + summary).not.toContain(SECRET);
    }

    logged = '';
    await expect(alarms.invoke(alarmEvent({ at: Date.now() }))).rejects.toThrow(
      /has \d problems?\./,
    );
    // What it prints comes on another way than its answer.
    const [entry = ''] = await until(
      'the failure is in the log',
      () => /^.*"failure":.*$/m.exec(logged) ?? undefined,
    );
    const { failure } = failureSchema.parse(JSON.parse(entry));
    expectTold(errorSchema.parse({ error: failure }).error, line, says);
    expect(logged).not.toContain(SECRET);
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

test('And nothing is lost: once the file is mended, the same process answers the next alarm.', async () => {
  await writeFile(file, whole);
  const answer = await alarms.invoke(alarmEvent({ at: Date.now() }));
  expect(answer).toMatchObject({ decision: 'act', outcome: 'done' });
});

/** What a reader of the page sees. */
function unescape(markdown: string): string {
  return markdown.replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}
