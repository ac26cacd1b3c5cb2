/** Whole rollbacks from the command line, by the team's own workflow on GitHub. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { openSite, PROGRAM, type Site, type Stores } from '../cli/support.ts';
import { FILE, gitHubFixture, type GitHubFixture, TOKEN } from '../support/github-fixture.ts';
import { REPOSITORY } from '../support/github-server.ts';
import type { Run } from '../support/github-shapes.ts';
import { testDatabase, testRedis } from '../support/services.ts';
import { until } from '../support/until.ts';

const resources = new AsyncDisposableStack();
let stores: Stores;
let name: string;
let sites = 0;
let site: Site;
let gitHub: GitHubFixture;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  stores = { databaseUrl: database.url, redisUrl: redis.url };
  ({ name } = redis);
});
afterAll(() => resources.disposeAsync());

const TARGET = `targets:
  web:
    kind: workflow
    file: ${FILE}
    run_name: 'Deploy {tag} to {environment} {incident} {fence}'
    inputs:
      tag: '{tag}'
      environment: '{environment}'
      incident: '{incident}'
      fence: '{fence}'
repository: { github: ${REPOSITORY} }
caches:`;

/** Given v1.2.0 live by the team's workflow, v1.1.0 the last known good. */
beforeEach(async () => {
  sites += 1;
  gitHub = resources.use(await gitHubFixture());
  const { server, actions } = gitHub;
  site = resources.use(
    await openSite({
      ...stores,
      service: `${name}-${sites}`,
      env: { GITHUB_API_URL: server.url, GITHUB_TOKEN: TOKEN },
      edit: (config) => config.replace(/targets:[^]*caches:/, TARGET),
    }),
  );
  for (const tag of ['v1.1.0', 'v1.2.0']) {
    await gitHub.publish({ tag, commit: (await site.git.git('rev-parse', tag)).trim() });
  }
  actions.course = { ...actions.course, queued: 0, working: 0 };
  for (const tag of ['v1.1.0', 'v1.2.0']) {
    const inputs = { tag, environment: 'production' };
    actions.finish(actions.start({ file: FILE, ref: tag, actor: 'kim', inputs }));
  }
});

const startedByUs = (): Run[] => gitHub.actions.runs.filter(({ actor }) => actor !== 'kim');

test('A bad release is rolled back by one run of the workflow, which people can follow.', async () => {
  const run = await site.run(['rollback', 'application', '--yes', '--reason', 'it charges twice']);
  expect(run.code).toBe(0);
  expect(gitHub.actions.live).toEqual(['v1.1.0', 'v1.2.0', 'v1.1.0']);
  const [ours, ...more] = startedByUs();
  expect(more).toEqual([]);
  expect(run.stderr).toContain(`/actions/runs/${ours?.id}`);
  const assessed = await site.call(['assess']);
  expect(assessed.stdout).toMatch(/web +v1\.1\.0/);
});

test('A rollback that was killed while the run works is resumed: the same run, and no second one.', async () => {
  gitHub.actions.course.working = Number.MAX_SAFE_INTEGER;
  const args = [PROGRAM, 'rollback', 'application', '--yes', '--reason', 'it charges twice'];
  const killed = spawn(process.execPath, args, {
    cwd: site.folder,
    env: site.env,
    stdio: 'ignore',
  });
  const ended = once(killed, 'close');
  await until('the run works', () => startedByUs()[0]?.status === 'in_progress', 20_000);
  killed.kill('SIGKILL');
  await ended;
  const [run] = startedByUs();
  if (run !== undefined) run.course.working = 1;
  const resumed = await site.run(['incident', 'resume']);
  expect(resumed.code).toBe(0);
  expect(startedByUs()).toHaveLength(1);
  expect(gitHub.actions.live.at(-1)).toBe('v1.1.0');
});

test('A rollback whose run fails is no success, and says where to look.', async () => {
  gitHub.actions.course.conclusion = 'failure';
  const run = await site.run(['rollback', 'application', '--yes', '--reason', 'it charges twice']);
  expect(run.code).not.toBe(0);
  expect(run.stdout + run.stderr).toContain(`/actions/runs/${startedByUs()[0]?.id}`);
  expect(gitHub.actions.live.at(-1)).toBe('v1.2.0');
  gitHub.actions.course.conclusion = 'success';
  const resumed = await site.run(['incident', 'resume']);
  expect(resumed.code).toBe(0);
  expect(gitHub.actions.live.at(-1)).toBe('v1.1.0');
});

test('An assessment tells what GitHub knows: what is going on, and what came past us.', async () => {
  const { actions } = gitHub;
  actions.deployed({ environment: 'production', ref: 'v1.1.0', state: 'success', creator: 'lee' });
  actions.deployed({ environment: 'production', ref: 'v1.2.0', state: 'in_progress' });
  const { code, stdout } = await site.call(['assess']);
  expect(code).toBe(3);
  expect(stdout).toMatch(/Deploys: +v1\.2\.0, since .* by octo/);
  expect(stdout).toMatch(
    /Differs: +record has v1\.2\.0 as the last that went live, and GitHub says that/,
  );
  const asked = z.object({ deploying: z.array(z.object({ ref: z.string(), by: z.string() })) });
  const json = await site.call(['assess', '--json']);
  expect(asked.parse(JSON.parse(json.stdout)).deploying).toEqual([{ ref: 'v1.2.0', by: 'octo' }]);
});

test('Without a token the emergency works, and everything else says what is missing.', async () => {
  const env = { GITHUB_TOKEN: undefined };
  const refused = await site.run(['rollback', 'application', '--yes'], { env });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('GITHUB_TOKEN');
  const safe = await site.run(['emergency', '--reason', 'it charges twice'], { env });
  expect(safe.code).toBe(0);
});
