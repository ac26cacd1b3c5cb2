/** The steps around a deployment, as their bundles run in the workflow of a team. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { type ActionRequest, runAction } from '../../cli/drill/run-action.ts';
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
  directory = await mkdtemp(join(tmpdir(), 'backout-pipeline-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
}, 60_000);
afterAll(() => resources.disposeAsync());

async function run(
  action: ActionRequest['action'],
  inputs: Record<string, string>,
  env: Record<string, string> = {},
) {
  return await runAction({
    action,
    inputs,
    workspace: site.folder,
    directory,
    actor: 'robin',
    variables: { ...site.env, ...env },
    log: () => {},
  });
}

async function deploy(tag: string): Promise<string> {
  const commit = await site.git.commit(`Release ${tag}`, { version: tag });
  await site.git.git('tag', tag);
  const place = join(dirname(site.folder), 'place');
  await writeFile(join(place, `published-${tag}`), commit);
  await writeFile(join(place, 'live'), JSON.stringify({ tag, commit }));
  return commit;
}

async function recorded(tag: string): Promise<unknown> {
  const { stdout } = await site.call(['release', 'list', '--json']);
  const { releases } = z
    .object({ releases: z.array(z.looseObject({ tag: z.string() })) })
    .parse(JSON.parse(stdout));
  return releases.find((release) => release.tag === tag);
}

test('A release that nobody holds may be deployed.', async () => {
  const { exitCode, outputs, errors } = await run('gate', { tag: 'v1.1.0' });
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
  expect(outputs).toMatchObject({ allowed: 'true', code: '' });
});

test('What went live is recorded, with its artefact and who did it; twice is the same.', async () => {
  const commit = await deploy('v2.0.0');
  const inputs = { tag: 'v2.0.0', artefacts: 'web=sha256:cafe', schema_version: '7' };
  for (const _ of [1, 2]) {
    const { exitCode, outputs, errors } = await run('record-release', inputs);
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
    expect(outputs).toMatchObject({ status: 'deployed', commit, code: '' });
  }
  expect(JSON.stringify(await recorded('v2.0.0'))).toContain('sha256:cafe');
});

test('A bake that passes marks it good, and says so on the page under the run.', async () => {
  const { exitCode, outputs, summary } = await run('record-release', {
    tag: 'v2.0.0',
    bake: 'true',
  });
  expect({ exitCode, status: outputs['status'] }).toEqual({ exitCode: 0, status: 'good' });
  expect(summary).toContain('v2.0.0 passed its bake');
  expect(await recorded('v2.0.0')).toMatchObject({ status: 'good' });
}, 60_000);

test('A release that is held is not deployed, nor its commit under another tag.', async () => {
  const held = await site.call([
    'release',
    'hold',
    'v2.0.0',
    '--reason',
    'orders <b>lost</b> @all',
  ]);
  expect(held.code).toBe(0);
  await site.git.git('tag', 'v2.0.1', 'v2.0.0^{commit}');
  for (const tag of ['v2.0.0', 'v2.0.1']) {
    const { exitCode, outputs, errors, summary } = await run('gate', { tag });
    expect({ exitCode, code: outputs['code'] }).toEqual({ exitCode: 1, code: 'E_TAG_BAD' });
    expect(outputs['allowed']).toBeUndefined();
    expect(errors.join()).toContain('State:');
    expect(errors.join()).toContain('orders <b>lost</b> @all');
    // On a page, the words of a person are words.
    expect(summary).toContain('orders &#60;b&#62;lost&#60;/b&#62; &#64;all');
    expect(summary).not.toContain('<b>');
  }
});

const refusals: [ActionRequest['action'], Record<string, string>, string][] = [
  ['gate', { tag: '' }, 'E_USAGE'],
  ['gate', { tag: 'v9.9.9' }, 'E_TAG_NOT_FOUND'],
  ['gate', { tag: 'v1.1.0', environment: 'mars' }, 'E_ENVIRONMENT'],
  ['record-release', { tag: '' }, 'E_USAGE'],
  ['record-release', { tag: 'v1.1.0', bake: 'yes' }, 'E_USAGE'],
  ['record-release', { tag: 'v1.1.0', artefacts: 'web' }, 'E_TARGET'],
  ['record-release', { tag: 'v1.1.0', artefacts: 'moon=sha256:1' }, 'E_TARGET'],
  ['record-release', { tag: 'v9.9.9' }, 'E_TAG_NOT_FOUND'],
];

test.each(refusals)(
  '%s %j is refused as %s, and changes nothing.',
  async (action, inputs, code) => {
    const before = await site.call(['release', 'list', '--json']);
    const { exitCode, outputs, errors } = await run(action, inputs);
    expect({ exitCode, code: outputs['code'] }).toEqual({ exitCode: 1, code });
    expect(errors.join()).toMatch(/State: .*Do: /);
    expect((await site.call(['release', 'list', '--json'])).stdout).toBe(before.stdout);
  },
);

test('A broken backout.yml is refused with the line that is wrong.', async () => {
  const config = join(site.folder, 'broken.yml');
  await writeFile(config, 'version: 1\nservice: [shop]\n');
  const { exitCode, outputs, errors } = await run('gate', { tag: 'v1.1.0', config: 'broken.yml' });
  expect({ exitCode, code: outputs['code'] }).toEqual({ exitCode: 1, code: 'E_CONFIG' });
  expect(errors.join()).toContain('broken.yml:2');
});

test('Without the journal nothing is permitted, and nothing is recorded.', async () => {
  await deploy('v9.0.0');
  const env = { JOURNAL_URL: 'postgresql://nobody@127.0.0.1:1/none' };
  for (const action of ['gate', 'record-release'] as const) {
    const { exitCode, outputs } = await run(action, { tag: 'v9.0.0' }, env);
    expect(exitCode).toBe(1);
    expect(outputs['code']).toMatch(/^E_\w+_UNREACHABLE$/);
  }
});
