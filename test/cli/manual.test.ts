import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase, testRedis } from '../support/services.ts';
import { openSite, type Site } from './support.ts';

const resources = new AsyncDisposableStack();
let site: Site;

/** None of these may be read anywhere. */
const SECRETS = {
  DEPLOY_SECRET: 'canary-deploy-5f21',
  HOOK_URL: 'https://hooks.example.com/canary-hook-88a1',
  HOOK_KEY: 'canary-key-901c',
  SLACK_TOKEN: 'canary-slack-77b0',
  API_KEY: 'canary-api-13d9',
};

const extend = (config: string): string =>
  config
    .replace('checks:\n', `checks:\n${CHECKS}`)
    .replace(/( {4}current: .*\n)/, "$1    env: { TOKEN: 'env:DEPLOY_SECRET' }\n")
    .concat(MESSAGES);

const CHECKS = `  orders:
    kind: http
    url: /orders
    method: PUT
    headers: { x-api-key: 'env:API_KEY' }
    body: { id: '{unique}' }
    expect: { status: 201 }
    under_safe_state: { expect: { status: [503, 200] } }
  paying: { kind: http, url: /pay, under_safe_state: skip }
  sign-up:
    kind: journey
    steps:
      - { name: Create an account, url: /accounts, method: POST, body: {} }
      - { name: Pay, url: /pay, under_safe_state: skip }
  disk: { kind: command, run: [df, -h] }
`;

const MESSAGES = `messages:
  commander: '@lee'
  channels:
    hook: { kind: webhook, url: 'env:HOOK_URL', secret: 'env:HOOK_KEY' }
    incidents: { kind: slack, channel: '#shop-incidents', token: 'env:SLACK_TOKEN' }
escalation:
  database_admin: { mention: '@dba-on-call' }
`;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(
    await openSite({ ...stores, service: redis.name, edit: extend, env: SECRETS }),
  );
});
afterAll(() => resources.disposeAsync());

const told = (text: string): string => text.replaceAll(/\s*\n#?\s*/g, ' ');

test('It names what a person needs of backout.yml, and no secret.', async () => {
  for (const more of [[], ['--json']]) {
    const { code, stdout, stderr } = await site.run(['plan', '--manual', ...more]);
    expect(code).toBe(0);
    const passwords = [site.env['JOURNAL_URL'], site.env['REDIS_URL']].flatMap(
      (url) => new URL(url ?? '').password || [],
    );
    for (const secret of [...Object.values(SECRETS), ...passwords]) {
      expect(stdout + stderr).not.toContain(secret);
    }
  }
  const { stdout } = await site.run(['plan', '--manual']);
  const text = told(stdout.replaceAll(' \\\n', '\n'));
  for (const part of [
    'TOKEN="${DEPLOY_SECRET:?is not set here}"',
    `'x-api-key: '"\${API_KEY:?is not set here}"`,
    'orders: status 503 or 200.',
    'paying: not asked while the safe state is on.',
    'sign-up: try: Create an account (POST http://',
    'disk: run, in .: df -h',
    'incidents: slack #shop-incidents',
    'hook: webhook',
    'database_admin, after 10m: @dba-on-call',
    'Commander: @lee',
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain('try: Pay');
  expect(text).not.toMatch(/curl [^#]*\/pay/);
  expect(text).not.toContain('{unique}');
});

test('The whole text is a script that a shell can read.', async () => {
  const { stdout } = await site.run(['plan', '--manual']);
  for (const shell of ['sh', 'bash']) execFileSync(shell, ['-n'], { input: stdout });
  const prose = stdout.split('\n').filter((line) => /^[A-Z]/.test(line));
  expect(prose).toEqual([]);
});

test('Variables that are missing here are no reason to print nothing.', async () => {
  const { code, stdout } = await site.run(['plan', '--manual'], {
    env: { JOURNAL_URL: undefined, REDIS_URL: undefined, DEPLOY_SECRET: undefined },
  });
  expect(code).toBe(3);
  expect(told(stdout)).toContain('NOT KNOWN FROM HERE: What is live');
  expect(stdout).toContain('NOT PROVEN');
  expect(stdout).toContain('"${REDIS_URL:?is not set here}"');
});

const incident = (text: string) => /incident\s+#?\s*(\d{8}-\S+)/.exec(text)?.[1];

test('Nothing is changed by it, and each print is an incident of its own.', async () => {
  const before = await site.files();
  const [one, two] = [
    await site.call(['plan', '--manual', 'flags', '--to', 'v1.1.0']),
    await site.call(['plan', '--manual', 'flags', '--reason', 'down']),
  ];
  expect([one.code, two.code]).toEqual([0, 0]);
  expect(one.stderr).toContain('--to has no effect');
  expect(two.stdout).toContain('"reason":"down"');
  expect(incident(one.stdout)).toBeDefined();
  expect(incident(one.stdout)).not.toBe(incident(two.stdout));
  expect(await site.files()).toEqual(before);
  expect(await site.changes()).toEqual([]);
});

describe('A backout.yml that is not published', () => {
  test('is enough for the safe state; which programs deploy it may not say.', async () => {
    const folder = join(dirname(site.folder), 'elsewhere');
    await mkdir(join(folder, '.git'), { recursive: true });
    await writeFile(
      join(folder, 'backout.yml'),
      await readFile(join(site.folder, 'backout.yml'), 'utf8'),
    );
    const flags = await site.run(['plan', '--manual', 'flags'], { cwd: folder });
    expect(flags.code).toBe(0);
    expect(flags.stderr).toContain('not published');
    const application = await site.run(['plan', '--manual'], { cwd: folder });
    expect([application.code, application.stdout]).toEqual([4, '']);
    expect(application.stderr).toContain('E_CONFIG_UNPUBLISHED');
  });
});

test('With state on AWS the safe state is put into the parameter store by hand.', async () => {
  const file = join(dirname(site.folder), 'aws.yml');
  const state = 'state: { kind: aws }\n    account: "012345678901"\n    regions: [eu-west-1]';
  await writeFile(file, site.config.replace(/state: \{.*\}/, state));
  const { code, stdout, stderr } = await site.call(['plan', '--manual', 'flags', '--config', file]);
  // Nobody could be asked what is on: this machine has no credentials.
  expect([code, stderr]).toEqual([3, '']);
  expect(stdout).toContain('aws ssm put-parameter');
  expect(stdout).toContain(`/backout/${site.service}/production/overrides/`);
});
