/** The assessment as a step of a workflow, by its bundle. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
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
  directory = await mkdtemp(join(tmpdir(), 'backout-assess-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
}, 60_000);
afterAll(() => resources.disposeAsync());

const withMigrations = (config: string): string =>
  `${config}releases: { migrations: ['db/*.sql'] }\n`;

async function assess(inputs: Record<string, string> = {}, env: Record<string, string> = {}) {
  return await runAction({
    action: 'assess',
    inputs,
    workspace: site.folder,
    directory,
    actor: 'robin',
    variables: { ...site.env, ...env },
    log: () => {},
  });
}

const document = z.looseObject({
  live: z.string(),
  candidates: z.array(z.looseObject({ tag: z.string(), colour: z.string() })),
  readiness: z.array(z.looseObject({ level: z.string(), state: z.string() })),
});

test('What is live, where to go back to and what to do are outputs, and on the page.', async () => {
  const { exitCode, outputs, summary, errors } = await assess();
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
  expect(outputs).toMatchObject({
    live: 'v1.2.0',
    last_known_good: 'v1.1.0',
    recommended_level: 'flags',
    code: '',
  });
  const { candidates, readiness } = document.parse(JSON.parse(outputs['json'] ?? ''));
  const colours = new Map(candidates.map(({ tag, colour }) => [tag, colour]));
  expect(colours.get('v1.1.1')).toBe('RED');
  expect(readiness.map(({ state }) => state)).toEqual(['never', 'never', 'never']);
  expect(summary).toContain('**Recommended:** flags');
  expect(summary).toContain('```mermaid');
  expect(summary).toContain('it charged twice');
});

test('A breaking migration makes older releases RED: the parser is in the bundle.', async () => {
  await site.git.commit('Release v1.3.1', {
    'db/V1__orders.sql': 'CREATE TABLE orders (id bigint, total int);\n',
  });
  await site.git.git('tag', 'v1.3.1');
  const drop = { 'db/V2__drop.sql': 'ALTER TABLE orders DROP COLUMN total;\n' };
  const commit = await site.git.commit('Release v1.4.0', drop);
  await site.git.git('tag', 'v1.4.0');
  const place = join(dirname(site.folder), 'place');
  await writeFile(join(place, 'live'), JSON.stringify({ tag: 'v1.4.0', commit }));
  const { outputs, summary } = await assess();
  expect(outputs).toMatchObject({ live: 'v1.4.0' });
  const { candidates } = document.parse(JSON.parse(outputs['json'] ?? ''));
  expect(JSON.stringify(candidates)).toContain('db/V2__drop.sql:1');
  expect(summary).toContain('V2&#95;&#95;drop');
});

test('What cannot be found out is said; the step does not fail for it.', async () => {
  const { exitCode, outputs, summary } = await assess(
    {},
    { JOURNAL_URL: 'postgresql://nobody@127.0.0.1:1/none' },
  );
  expect(exitCode).toBe(0);
  expect(outputs).toMatchObject({ complete: 'false', last_known_good: '' });
  expect(summary).toContain('### Not known');
  expect(summary).not.toContain('nobody@');
});

test('A wrong environment is refused with its code.', async () => {
  const { exitCode, outputs } = await assess({ environment: 'mars' });
  expect({ exitCode, code: outputs['code'] }).toEqual({ exitCode: 1, code: 'E_ENVIRONMENT' });
});
