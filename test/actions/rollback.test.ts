import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
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
  site = resources.use(await openSite({ ...stores, service: redis.name }));
  directory = await mkdtemp(join(tmpdir(), 'backout-action-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
});
afterAll(() => resources.disposeAsync());

async function run(inputs: Record<string, string>, env: Record<string, string> = {}) {
  const lines: string[] = [];
  const done = await runAction({
    action: 'rollback',
    inputs,
    workspace: site.folder,
    directory,
    actor: 'kim',
    variables: { ...site.env, ...env },
    log: (line) => lines.push(line),
  });
  return { ...done, lines };
}

test('A dry run shows the plan, gives its hash and changes nothing.', async () => {
  const before = await site.files();
  const { exitCode, outputs, summary } = await run({ level: 'application', dry_run: 'true' });
  expect(exitCode).toBe(0);
  expect(outputs).toMatchObject({ outcome: 'planned', from: 'v1.2.0', to: 'v1.1.0' });
  expect(outputs['plan']).toMatch(/^[0-9a-f]{64}$/);
  expect(summary).toContain('nothing was changed');
  expect(await site.files()).toEqual(before);
  expect(await site.changes()).toEqual([]);
});

test('A blank level takes what the situation asks for: first the safe state.', async () => {
  const { exitCode, outputs, summary } = await run({ reason: 'orders fail since noon' });
  expect({ exitCode, outcome: outputs['outcome'] }).toEqual({ exitCode: 0, outcome: 'done' });
  expect(summary).toContain('SAFE STATE ON');
  expect(summary).toContain('NOT rolled back');
  expect(await site.changes()).toEqual([]);
});

test('Level application brings the last known good back, and the page under the run says it all.', async () => {
  const reason = 'bad | `x` <img src=x> ## ```mermaid %% @everyone';
  const { exitCode, outputs, summary, lines, errors } = await run({ level: 'application', reason });
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
  expect(outputs).toMatchObject({ outcome: 'done', code: '', from: 'v1.2.0', to: 'v1.1.0' });
  expect(Number(outputs['within_budget_ms'])).toBeGreaterThan(0);
  expect(JSON.parse(await site.live())).toMatchObject({ tag: 'v1.1.0' });
  for (const part of ['ROLLED BACK to v1.1.0', 'STILL OFF', '### Next', '| application |']) {
    expect(summary).toContain(part);
  }
  expect(summary.match(/```/g)).toHaveLength(2);
  expect(lines.join('\n')).toContain('asked for by kim');
  const shown = await site.call(['incident', 'show', outputs['incident'] ?? '', '--json']);
  expect(shown.stdout).toContain('kim');
});

test('The log says what will be done to what as soon as that is known, before anything is connected.', async () => {
  const { lines, outputs } = await run({ level: 'application', to: 'v1.1.0' }, { JOURNAL_URL: '' });
  expect(outputs).toMatchObject({ code: 'E_SECRET_MISSING' });
  const said = lines.filter((line) => line !== '');
  expect(said[0]).toBe('Backout: level application, asked for by kim');
  expect(said[1]).toMatch(/^\S+ in production: make safe, then go back to v1\.1\.0$/);
});

test('Every secret is handed to the runner to be masked, before the first step.', async () => {
  const { masks } = await run({ level: 'application', dry_run: 'true' });
  const { JOURNAL_URL, REDIS_URL } = site.env;
  expect(masks).toEqual(expect.arrayContaining([JOURNAL_URL, REDIS_URL]));
});

test('action.yml names every input and output there is, and the bundle that it runs.', async () => {
  const folder = resolve(import.meta.dirname, '../../actions/rollback');
  const described = z
    .object({
      inputs: z.record(
        z.string(),
        z.object({ description: z.string().min(10), default: z.string() }),
      ),
      outputs: z.record(z.string(), z.object({ description: z.string().min(10) })),
      runs: z.object({ using: z.literal('node24'), main: z.string() }),
    })
    .parse(parse(await readFile(join(folder, 'action.yml'), 'utf8')));
  await readFile(join(folder, described.runs.main));
  const { outputs } = await run({ level: 'application', dry_run: 'true' });
  expect(Object.keys(described.outputs).toSorted()).toEqual(Object.keys(outputs).toSorted());
  const readme = await readFile(join(folder, 'README.md'), 'utf8');
  const names = [...Object.keys(described.inputs), ...Object.keys(described.outputs)];
  expect(names.filter((name) => !readme.includes(`| \`${name}\` |`))).toEqual([]);
});
