import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, testRedis } from '../support/services.ts';
import { openSite, type Run, type Site } from './support.ts';

const resources = new AsyncDisposableStack();
let site: Site;
let before: Map<string, string>;
let elsewhere: string;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(await openSite({ ...stores, service: redis.name }));
  elsewhere = await mkdtemp(join(tmpdir(), 'backout-elsewhere-'));
  resources.defer(() => rm(elsewhere, { recursive: true, force: true }));
  const two = site.config.replace(
    'environments:\n',
    `environments:\n  staging: { base_url: 'http://127.0.0.1:9', journal: { url: 'env:JOURNAL_URL' }, redis: { url: 'env:REDIS_URL' } }\n`,
  );
  const plain = `service: ${site.service}\nenvironments: { production: {} }\n`;
  await site.git.commit('Later work', { 'two.yml': two, 'plain.yml': plain });
  await site.git.git('tag', '--force', 'v1.0.0');
  before = await site.files();
});
afterAll(() => resources.disposeAsync());

interface Refusal {
  args: string[];
  exit: number;
  code: string;
  /** Parts of the text, in any order. */
  says?: string[];
}

const usage = (args: string[], code: string, ...says: string[]): Refusal => ({
  args,
  exit: 2,
  code,
  says,
});
const refused = (args: string[], code: string, ...says: string[]): Refusal => ({
  args,
  exit: 4,
  code,
  says,
});
const to = (tag: string): string[] => ['rollback', 'application', '--to', tag, '--yes'];
const RLO = '\u202e';

const REFUSALS: Refusal[] = [
  // The words of the command line.
  usage([], 'E_USAGE', 'not complete'),
  usage(['flags'], 'E_USAGE', 'not complete'),
  usage(['emergncy'], 'E_USAGE', "'emergncy'", 'Did you mean emergency?'),
  usage(['flags', 'lst'], 'E_USAGE', 'Did you mean list?'),
  usage(['plan', '--too', 'v1'], 'E_USAGE', "'--too'", 'Did you mean --to?'),
  usage(['rollback'], 'E_USAGE', "'level'"),
  usage(['rollback', 'flags', 'now', 'please'], 'E_USAGE', 'Too many arguments'),
  usage(['flags', 'set', 'page_size'], 'E_USAGE', "'value'"),
  usage(['flags', 'lift'], 'E_USAGE', '--by'),
  usage(['emergency', '--reason'], 'E_USAGE', '--reason'),
  // Levels.
  usage(['rollback', 'D'], 'E_LEVEL', 'flags, application or database', '"D"'),
  usage(['rollback', 'flags '], 'E_LEVEL', '"flags "'),
  usage(['plan', 'Application'], 'E_LEVEL', '"Application"'),
  refused(['rollback', 'database', '--yes'], 'E_NOT_AVAILABLE', 'backout emergency'),
  refused(['plan', 'database'], 'E_NOT_AVAILABLE'),
  refused(['plan', '--manual', 'database'], 'E_NOT_AVAILABLE', 'backout emergency'),
  usage(['plan', '--manual', 'Flags'], 'E_LEVEL', '"Flags"'),
  usage(['plan', '--reason', 'orders fail since noon'], 'E_USAGE', '--manual'),
  // Releases, on paper as in deed.
  usage(['plan', '--manual', '--to', 'v1.2.3; rm -rf /'], 'E_TAG_FORMAT', 'letters, digits'),
  usage(['plan', '--manual', '--to', 'v1.1.9'], 'E_TAG_NOT_FOUND', 'Did you mean', 'v1.1.0'),
  refused(['plan', '--manual', '--to', 'v1.0.0'], 'E_TAG_MOVED'),
  refused(['plan', '--manual', '--to', 'v1.1.1'], 'E_TAG_BAD', 'it charged twice'),
  refused(['plan', '--manual', '--to', 'v1.3.0'], 'E_FORWARD'),
  // Releases.
  usage(to('v1.2.3; rm -rf /'), 'E_TAG_FORMAT', 'letters, digits'),
  usage(to('$(touch stolen)'), 'E_TAG_FORMAT'),
  usage(to('../../etc/passwd'), 'E_TAG_FORMAT'),
  usage(to('--upload-pack=touch'), 'E_TAG_FORMAT'),
  usage(to(''), 'E_TAG_FORMAT'),
  usage(to('v1.1.9'), 'E_TAG_NOT_FOUND', 'Did you mean', 'v1.1.0'),
  usage(to('v9.9.9'), 'E_TAG_NOT_FOUND', '"v9.9.9"'),
  usage(to('main'), 'E_TAG_NOT_FOUND', 'newest are v1.3.0'),
  usage(['release', 'record', 'v9.9.9'], 'E_TAG_NOT_FOUND'),
  refused(to('v1.0.0'), 'E_TAG_MOVED', 'its tag was moved'),
  refused(to('v1.1.1'), 'E_TAG_BAD', 'it charged twice', 'alice'),
  refused(to('v1.3.0'), 'E_FORWARD', 'newer than what is live', 'v1.2.0'),
  refused(to('v1.0.1'), 'E_APPROVAL', 'nobody recorded that it was ever deployed', '--approved-by'),
  { args: to('v1.2.0'), exit: 0, code: 'E_ALREADY_LIVE', says: ['live already'] },
  refused(
    ['rollback', 'application', '--yes', '--config', 'two.yml', '-e', 'staging'],
    'E_NO_TARGET',
    'No release is known to be good',
  ),
  // Asking and approving.
  usage(['rollback', 'application'], 'E_CONFIRM', '--yes', '--plan'),
  refused(['rollback', 'application', '--plan', '0123456789ab'], 'E_PLAN_CHANGED'),
  refused(['rollback', 'application', '--plan', 'abc'], 'E_PLAN_CHANGED', 'at least 12'),
  refused(['rollback', 'flags', '--plan', '0123456789ab'], 'E_PLAN_CHANGED'),
  // Where.
  usage(['assess', '-e', 'prodution'], 'E_ENVIRONMENT', 'Did you mean "production"?'),
  usage(['assess', '-e', 'constructor'], 'E_ENVIRONMENT'),
  usage(['assess', '--config', 'two.yml'], 'E_ENVIRONMENT', 'staging, production'),
  usage(['emergency', '--config', 'two.yml'], 'E_ENVIRONMENT', '--environment'),
  usage(['check', '--config', '.'], 'E_CONFIG_FILE'),
  usage(['check', '--config', 'missing.yml'], 'E_CONFIG_FILE', 'missing.yml'),
  usage(['check', '--config', 'version/backout.yml'], 'E_CONFIG_FILE'),
  // Reasons.
  usage(['rollback', 'application', '--reason', ''], 'E_REASON', '0 characters', '10 to 2,000'),
  usage(['rollback', 'application', '--reason', 'abc'], 'E_REASON', '3 characters'),
  usage(['rollback', 'application', '--reason', 'a         b'.trim().slice(0, 9)], 'E_REASON'),
  usage(['rollback', 'flags', '--reason', 'x'.repeat(70_000)], 'E_REASON', '70000 characters'),
  usage(['rollback', 'application', '--yes', '--reason', 'bad'], 'E_REASON'),
  usage(['breakers', 'trip', '--reason', 'bad'], 'E_REASON'),
  usage(['release', 'hold', 'v1.1.0', '--reason', 'bad'], 'E_REASON'),
  usage(['release', 'unhold', 'v1.1.1', '--reason', 'bad'], 'E_REASON'),
  usage(['release', 'unhold', 'v1.1.1'], 'E_USAGE', '--reason'),
  usage(['release', 'record', 'v1.2.0', '--artefact', 'web'], 'E_TARGET', 'TARGET=ID'),
  usage(['release', 'record', 'v1.2.0', '--artefact', 'wbe=sha256:1'], 'E_TARGET', 'web'),
  usage(['release', 'record', 'v1.2.0', '--artefact', 'web=-rf'], 'E_ARTEFACT_FORMAT', 'letter'),
  usage(['release', 'record', 'v1.2.0', '--artefact', 'web=a b'], 'E_ARTEFACT_FORMAT', 'TARGET=ID'),
  refused(['release', 'gate', 'v1.1.1'], 'E_TAG_BAD', 'it charged twice', 'alice'),
  refused(['release', 'bake', 'v1.1.0'], 'E_NOT_LIVE', 'v1.2.0 is live on web'),
  refused(['release', 'bake', 'v9.9.9'], 'E_RELEASE_UNKNOWN'),
  usage([...to('v1.0.1'), '--accept', 'everything'], 'E_ACCEPT', 'below-floor'),
  usage([...to('v1.0.1'), '--accept', 'below-floor'], 'E_ACCEPT', '--reason'),
  usage(['rollback', 'application', '--yes', '--accept', 'below-floor'], 'E_ACCEPT', '--to'),
  // Flags, breakers, rules, stages, incidents, people.
  usage(['flags', 'set', 'page_sise', '3'], 'E_FLAG', '"page_sise"'),
  usage(['flags', 'set', '*', 'true'], 'E_FLAG', 'without wildcards'),
  usage(['flags', 'set', 'community_*', 'true'], 'E_FLAG'),
  usage(['flags', 'set', 'constructor', 'true'], 'E_FLAG'),
  usage(['flags', 'set', 'page_size', 'many'], 'E_FLAG_VALUE', 'Write a number'),
  usage(['flags', 'set', 'community_enabled', 'off'], 'E_FLAG_VALUE', 'Write true or false'),
  usage(['breakers', 'trip', 'square'], 'E_PROVIDER', 'stripe, twilio_sms'),
  usage(['breakers', 'reset', '*'], 'E_PROVIDER'),
  usage(['emergency', '--rule', 'slowness'], 'E_RULE', 'critical-errors'),
  usage(['emergency', '--rule', 'constructor'], 'E_RULE'),
  usage(['validate', '--stage', 'later'], 'E_STAGE', 'now, t+2, t+10'),
  usage(['drill', '--fail-at', 'nothing'], 'E_FAIL_AT'),
  usage(['caches', 'flush', '*'], 'E_CACHE', '"*"', 'readings'),
  usage(['caches', 'flush', 'reading', '--yes'], 'E_CACHE', 'Did you mean "readings"?'),
  usage(['caches', 'flush'], 'E_CONFIRM', '--yes'),
  usage(['caches', 'flush', '--yes', '--incident', 'nobody'], 'E_INCIDENT_UNKNOWN'),
  usage(['caches', 'flush', '--yes', '--reason', 'bad'], 'E_REASON'),
  usage(['services', 'restart', 'workr', '--yes'], 'E_SERVICE', 'Did you mean "worker"?'),
  usage(['services', 'restart', 'constructor', '--yes'], 'E_SERVICE'),
  usage(['services', 'restart'], 'E_CONFIRM', '--yes'),
  usage(['services', 'status', '*'], 'E_SERVICE'),
  usage(['flags', 'test', '--config', 'plain.yml'], 'E_CANARY', 'canary: true'),
  usage(['services', 'status', '--config', 'plain.yml'], 'E_SERVICE', 'no service'),
  usage(['caches', 'flush', '--config', 'plain.yml'], 'E_CACHE', 'no cache'),
  usage(['flags', 'lift', '--by', ' '], 'E_PERSON'),
  usage(['flags', 'lift', '--by', 'maria'], 'E_NO_INCIDENT', 'backout incident list'),
  usage(['incident', 'show'], 'E_NO_INCIDENT'),
  usage(['incident', 'resume', '20260101-0000-aaaa'], 'E_INCIDENT_UNKNOWN'),
  usage(['incident', 'close', '../../x'], 'E_INCIDENT_UNKNOWN'),
  usage(['incident', 'assign'], 'E_USAGE', '--commander'),
  usage(['incident', 'assign', '--commander', 'maria'], 'E_NO_INCIDENT'),
  usage(['incident', 'assign', 'nobody-knows', '--commander', 'maria'], 'E_INCIDENT_UNKNOWN'),
  usage(['incident', 'assign', '../../x', '--commander', 'maria'], 'E_INCIDENT_UNKNOWN'),
  ...['', ' ', 'x', 'x'.repeat(81), 'x'.repeat(70_000)].map((name) =>
    usage(['incident', 'assign', '--commander', name], 'E_PERSON', '2 to 80'),
  ),
  // Complaints.
  usage(['report'], 'E_USAGE', 'not complete'),
  usage(['report', 'complaint', 'two', 'texts'], 'E_USAGE', 'Too many arguments'),
  usage(['report', 'complaint', 'x'.repeat(501)], 'E_COMPLAINT', '501 characters', '500'),
  usage(['report', 'complaint', '😀'.repeat(501)], 'E_COMPLAINT', '501 characters'),
  usage(['report', 'complaint', '--id', ''], 'E_COMPLAINT', '0 characters'),
  usage(['report', 'complaint', '--id', 'x'.repeat(81)], 'E_COMPLAINT', '1 to 80'),
  ...['', 'now', 'yesterday', '03:12', '2026-11-23', '2026-02-30T03:12:00Z'].map((at) =>
    usage(['report', 'complaint', '--at', at], 'E_TIME', 'not a time in UTC'),
  ),
  usage(['report', 'complaint', '--at', '2026-11-23T03:12:00+01:00'], 'E_TIME', 'UTC'),
  usage(['report', 'complaint', '--at', '2020-01-01T00:00:00Z'], 'E_TIME', 'too long ago'),
  usage(['report', 'complaint', '--at', '2999-01-01T00:00:00Z'], 'E_TIME', 'in the future'),
  usage([...to('v1.1.0'), '--incident', 'nobody-knows'], 'E_INCIDENT_UNKNOWN'),
  // An incident's name becomes the name of a file.
  ...['../../x', '/etc/x', 'a/b', 'a\\b', '.hidden', '', '-x', 'ä', 'x'.repeat(64)].flatMap(
    (name) => [
      usage(
        ['rollback', 'application', `--incident=${name}`],
        'E_INCIDENT_NAME',
        'letters, digits',
      ),
      usage(['breakers', 'trip', `--incident=${name}`], 'E_INCIDENT_NAME'),
    ],
  ),
  // Characters that move the cursor or turn the text round.
  ...['\r\n', '\u001b[2J', RLO, '\u0000', '\u200b'].flatMap((sign) => [
    usage(
      ['rollback', 'application', '--reason', `orders fail ${sign} at noon`],
      'E_CONTROL_CHARS',
      '--reason',
    ),
    usage(
      ['rollback', 'application', '--incident', `inc${sign}7`],
      'E_CONTROL_CHARS',
      '--incident',
    ),
    usage(['flags', 'lift', '--by', `ma${sign}ria`], 'E_CONTROL_CHARS', '--by'),
    usage([...to('v1.0.1'), '--approved-by', `${sign}maria`], 'E_CONTROL_CHARS', '--approved-by'),
    usage(to(`v1.0${sign}.1`), 'E_CONTROL_CHARS', '--to'),
    usage(['plan', '--manual', '--reason', `orders ${sign} fail`], 'E_CONTROL_CHARS', '--reason'),
    usage(['flags', 'set', 'page_size', `1${sign}`], 'E_CONTROL_CHARS'),
    usage(['breakers', 'trip', `stripe${sign}`], 'E_CONTROL_CHARS'),
    usage(['report', 'complaint', `the cart ${sign} is empty`], 'E_CONTROL_CHARS'),
    usage(['report', 'complaint', '--id', `T-${sign}1`], 'E_CONTROL_CHARS', '--id'),
    usage(['incident', 'assign', '--commander', `ma${sign}ria`], 'E_CONTROL_CHARS', '--commander'),
  ]),
];

describe('What cannot be done is refused, with a code, the state and a remedy', () => {
  test.each(REFUSALS.map((one) => [shorten(one.args), one] as const))(
    'backout %s',
    async (_name, { args, exit, code, says = [] }) => {
      const text = await site.call(args);
      expect([text.code, text.stdout]).toEqual([exit, '']);
      const words = unwrap(text.stderr);
      expect(words).toContain(`${code} `);
      expect(words).toMatch(/State: \S+ .*Do: \S+/);
      for (const part of says) expect(words).toContain(part);
      expectClean(text);

      const json = await site.call([...args, '--json']);
      expect(json.code).toBe(exit);
      const { error } = errorShape.parse(JSON.parse(json.stdout));
      expect(error.code).toBe(code);
    },
  );
});

test('Outside any service a command says where to go.', async () => {
  const { code, stdout, stderr } = await site.call(['assess'], { cwd: elsewhere });
  expect([code, stdout]).toEqual([2, '']);
  expect(unwrap(stderr)).toContain('E_CONFIG_FILE');
  expect(unwrap(stderr)).toContain('--config');
});

test('All that is wrong with a configuration is told at once, each with its line and a remedy.', async () => {
  const file = join(elsewhere, 'broken.yml');
  const lines = [
    'service: shop', // 1
    'environments:', // 2
    '  production: { reech: direct }', // 3
    'flags:', // 4
    '  groups:', // 5
    '    a: { flags: { x: { default: true, safe: 7 } } }', // 6
    'breakers: { providers: [stripe] }', // 7
    'service: again', // 8
  ];
  await writeFile(file, lines.join('\n'));
  const text = await site.call(['check', '--config', file]);
  expect([text.code, text.stdout]).toEqual([2, '']);
  expect(text.stderr).toContain('E_CONFIG');
  for (const line of [3, 6, 7, 8]) expect(text.stderr).toContain(`broken.yml:${line}:`);
  expect(unwrap(text.stderr)).toContain('"service" is there twice');
  expect(unwrap(text.stderr)).toContain('Did you mean "reach"?');
  const json = await site.call(['assess', '--config', file, '--json']);
  const { error } = errorShape.parse(JSON.parse(json.stdout));
  const problems = error.problems?.map(({ line }) => line) ?? [];
  expect([...new Set(problems)]).toEqual([3, 6, 7, 8]);
});

test('After all that nothing is changed: no file, no incident, nothing live, no breaker.', async () => {
  expect(await site.files()).toEqual(before);
  expect(await site.changes()).toEqual([]);
  const incidents = await site.call(['incident', 'list', '--json']);
  expect(JSON.parse(incidents.stdout)).toEqual({ incidents: [] });
  const breakers = await site.call(['breakers', 'status', '--json']);
  expect(
    z.object({ states: z.object({}).strict() }).safeParse(JSON.parse(breakers.stdout)),
  ).toMatchObject({
    success: true,
  });
});

const errorShape = z.strictObject({
  error: z.object({
    code: z.string().regex(/^E_[A-Z_]+$/),
    kind: z.enum(['failed', 'usage', 'uncertain', 'refused']),
    message: z.string().min(1),
    state: z.string().min(1),
    remedy: z.string().min(1),
    retryable: z.boolean(),
    problems: z
      .array(z.object({ line: z.int(), message: z.string(), remedy: z.string() }))
      .optional(),
  }),
});

/** Lines that were wrapped, as one. */
function unwrap(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function expectClean({ stderr }: Run): void {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e]/);
}

/** The name of a test: no longer than a line, and without the characters that it is about. */
function shorten(args: readonly string[]): string {
  const text = args.map((arg) => (arg.length > 70 ? `${arg.slice(0, 20)}…` : arg)).join(' ');
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, (sign) => `U+${sign.codePointAt(0)?.toString(16)}`)
    .replaceAll('%', '%%');
}
