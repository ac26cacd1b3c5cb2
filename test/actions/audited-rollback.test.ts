/**
 * What migrations since a release mean for going back to it, on the ways that a rollback is asked
 * for: the command line, and the Action as it is built, with PostgreSQL's parser beside it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAction } from '../../cli/drill/run-action.ts';
import { openSite, type Site } from '../cli/support.ts';
import { testDatabase, testRedis } from '../support/services.ts';

const resources = new AsyncDisposableStack();
let site: Site;
let directory: string;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(await openSite({ ...stores, service: redis.name, edit: withMigrations }));
  directory = await mkdtemp(join(tmpdir(), 'backout-audited-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  await deploy('v1.2.1', {
    'db/V1__orders.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, total int);\n',
  });
  await succeed(['release', 'good', 'v1.2.1']);
  // What is live has no column any more that the code of v1.2.1 reads.
  await deploy('v1.2.2', { 'db/V2__drop.sql': 'ALTER TABLE orders DROP COLUMN total;\n' });
}, 60_000);
afterAll(() => resources.disposeAsync());

const withMigrations = (config: string): string =>
  `${config}releases: { migrations: ['db/*.sql'] }\n`;

async function succeed(args: string[]): Promise<void> {
  const { code, stderr } = await site.call(args);
  if (code !== 0) throw new Error(stderr);
}

async function deploy(tag: string, files: Record<string, string>): Promise<void> {
  const commit = await site.git.commit(`Release ${tag}`, { ...files, version: tag });
  await site.git.git('tag', tag);
  const place = join(dirname(site.folder), 'place');
  await writeFile(join(place, `published-${tag}`), commit);
  await writeFile(join(place, 'live'), JSON.stringify({ tag, commit }));
  await succeed(['release', 'record', tag]);
}

const to = ['rollback', 'application', '--to', 'v1.2.1', '--yes'];

test('The command line says which statement breaks the older release.', async () => {
  const assessed = await site.call(['assess']);
  const said = assessed.stdout.replaceAll(/\s+/g, ' ');
  expect(said).toMatch(/v1\.2\.1 RED/);
  expect(said).toContain('migrations-breaking');
  expect(said).toContain('db/V2__drop.sql:1');
  const refused = await site.call(to);
  expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('E_SCHEMA')]);
});

test('The newest good release is not chosen when migrations broke it, but the next one is.', async () => {
  const run = await site.call(['plan', '--json']);
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({ to: 'v1.1.0', from: 'v1.2.2' });
});

test('The Action says the same, from its bundle alone.', async () => {
  const run = await runAction({
    action: 'rollback',
    inputs: { level: 'application', to: 'v1.2.1', dry_run: 'true' },
    workspace: site.folder,
    directory,
    actor: 'kim',
    variables: site.env,
    log: () => undefined,
  });
  expect(run.outputs).toMatchObject({ code: 'E_SCHEMA', outcome: 'refused' });
  expect(run.summary).toContain('ALTER TABLE orders DROP COLUMN total');
});

test('A person who knows better takes the risk by its name, with a reason that is kept.', async () => {
  const reason = 'nothing of v1.2.1 reads that column';
  const accept = ['--accept', 'migrations-breaking', '--reason', reason, '--approved-by', 'maria'];
  const run = await site.call([...to, ...accept, '--json']);
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({
    execution: { outcome: 'done', plan: { to: 'v1.2.1', accepted: ['migrations-breaking'] } },
  });
  expect(await site.live()).toContain('v1.2.1');
});
