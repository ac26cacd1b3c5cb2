import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, testRedis } from '../support/services.ts';
import { until } from '../support/until.ts';
import { openSite, PROGRAM, type Run, type Site, type Stores } from './support.ts';

const resources = new AsyncDisposableStack();
let stores: Stores;
let name: string;
let site: Site;
let sites = 0;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  stores = { databaseUrl: database.url, redisUrl: redis.url };
  ({ name } = redis);
});
beforeEach(async () => {
  sites += 1;
  site = resources.use(await openSite({ ...stores, service: `${name}-${sites}` }));
});
afterAll(() => resources.disposeAsync());

const planned = z.object({ hash: z.string() });
const executed = z.object({ execution: z.object({ outcome: z.string(), plan: planned }) });

async function plan(...args: string[]): Promise<string> {
  return planned.parse(JSON.parse((await site.call(['plan', ...args, '--json'])).stdout)).hash;
}

/** The incident's entries; none while there is no incident. */
async function journal(): Promise<string[]> {
  const { stdout } = await site.call(['incident', 'show', '--json']);
  const shape = z.object({ entries: z.array(z.object({ kind: z.string() })).default([]) });
  return shape.parse(JSON.parse(stdout)).entries.map(({ kind }) => kind);
}

test('The plan that is named is the plan that runs, and nobody is asked.', async () => {
  const hash = await plan();
  const run = await site.run(['rollback', 'application', '--plan', hash.slice(0, 12), '--json']);
  expect(run.code).toBe(0);
  const { execution } = executed.parse(JSON.parse(run.stdout));
  expect(execution).toEqual({ outcome: 'done', plan: { hash } });
  expect(await site.changes()).toHaveLength(1);
  expect(await site.live()).toContain('v1.1.0');
});

test('The plan of a release that was never proven runs when a second person agreed to it.', async () => {
  const hash = await plan('--to', 'v1.0.1');
  const args = ['rollback', 'application', '--to', 'v1.0.1', '--plan', hash, '--json'];
  expect((await site.call(args)).stdout).toContain('"E_APPROVAL"');
  expect(await site.changes()).toEqual([]);
  const run = await site.call([...args, '--approved-by', 'maria']);
  expect(run.code).toBe(0);
  expect(executed.parse(JSON.parse(run.stdout)).execution.plan.hash).toBe(hash);
  expect(await site.live()).toContain('v1.0.1');
});

test('A plan of before is refused when something else is live now.', async () => {
  const hash = await plan();
  expect(
    (await site.call(['release', 'hold', 'v1.1.0', '--reason', 'it is broken too'])).code,
  ).toBe(0);
  const run = await site.call(['rollback', 'application', '--plan', hash]);
  expect(run.code).toBe(4);
  expect(run.stderr).toContain('E_PLAN_CHANGED');
  expect(await site.changes()).toEqual([]);
});

test('A plan is the same each time one asks, and looking changes nothing.', async () => {
  const before = await site.files();
  const hash = await plan();
  expect(await plan()).toBe(hash);
  const dry = await site.run(['rollback', 'application', '--dry-run']);
  expect(dry.code).toBe(0);
  expect(dry.stdout).toContain(hash.slice(0, 12));
  expect(dry.stdout).toContain('Dry run: nothing was changed.');
  expect((await site.call(['rollback', 'flags', '--dry-run'])).code).toBe(0);
  expect(await site.files()).toEqual(before);
  expect(await site.changes()).toEqual([]);
  expect(await journal()).toEqual([]);
  expect((await site.call(['flags', 'list', '--json'])).stdout).toContain('"overrides": []');
});

test('Level flags carries out exactly the plan that is named, too.', async () => {
  const hash = await plan('flags');
  const run = await site.call(['rollback', 'flags', '--plan', hash, '--json']);
  expect(run.code).toBe(0);
  expect(executed.parse(JSON.parse(run.stdout)).execution.plan.hash).toBe(hash);
});

test('Level flags with a release says that it leaves the release as it is.', async () => {
  const run = await site.call(['rollback', 'flags', '--to', 'v1.1.0']);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('--to has no effect');
  expect(run.stdout).toContain('v1.2.0 is NOT rolled back.');
  expect(await site.changes()).toEqual([]);
});

test('The reason that was given with the emergency is the reason of the rollback, too.', async () => {
  const reason = 'orders fail since v1.2.0';
  expect((await site.call(['emergency', '--reason', reason])).code).toBe(0);
  expect((await site.call(['rollback', 'application', '--yes'])).code).toBe(0);
  const releases = await site.call(['release', 'list']);
  expect(releases.stdout).toContain(`held: ${reason}`);
});

test('A plan that needs a second person says so, with the option in the next command.', async () => {
  const run = await site.call(['plan', '--to', 'v1.0.1']);
  expect(run.stdout).toMatch(/^Needs: {3}a second person/m);
  expect(run.stdout.replaceAll('\\\n', '')).toMatch(
    /--to v1\.0\.1 +--plan \w{12} +--approved-by NAME/,
  );
  expect((await site.call(['plan'])).stdout).not.toContain('--approved-by');
});

test('A deploy that fails: what is live is read back and said.', async () => {
  await site.behave('deploy-fails');
  const run = await site.call(['rollback', 'application', '--yes']);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/^ROLLBACK to v1\.1\.0 FAILED: /);
  expect(run.stdout).toMatch(/^Live: {4}v1\.2\.0$/m);
  expect(run.stdout).toMatch(/^Do: /m);
  expect(run.stdout).toMatch(/^Next:\s+backout incident resume/m);
});

test('Every next command has the options that say where we are.', async () => {
  const where = ['--environment', 'production', '--config', `${site.folder}/backout.yml`];
  const run = await site.call(['emergency', ...where]);
  const next = run.stdout.slice(run.stdout.indexOf('Next:') + 5).replaceAll('\\\n', ' ');
  const words = next.trim().split(/\s+/);
  expect(words.slice(0, 4)).toEqual(['backout', 'rollback', 'application', '--incident']);
  expect(words.slice(5)).toEqual(where);
});

function watchLonger(config: string): string {
  return config.replace('t+10: 1s', 't+10: 5s');
}

/** Starts a rollback whose output somebody reads only until its first step. */
async function startRollback(at: Site): Promise<ReturnType<typeof spawn>> {
  const child = spawn(process.execPath, [PROGRAM, 'rollback', 'application', '--yes'], {
    cwd: at.folder,
    env: at.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child.stderr, 'data');
  return child;
}

/** What is true when a rollback is over, as the place and the journal say. */
async function whatIsTrue(code: Run['code']) {
  const recorded = (await journal()).includes('execution-ended');
  return { code, live: (await site.live()).includes('v1.1.0'), recorded };
}

const ROLLED_BACK = { code: 0, live: true, recorded: true };

test('A rollback is finished when whoever read its output has gone.', async () => {
  const child = await startRollback(site);
  child.stdout?.destroy();
  child.stderr?.destroy();
  await once(child, 'exit');
  expect(await whatIsTrue(child.exitCode)).toEqual(ROLLED_BACK);
});

test('A rollback is finished when the connection to the terminal drops.', async () => {
  const child = await startRollback(site);
  child.kill('SIGHUP');
  child.stdout?.destroy();
  child.stderr?.destroy();
  await once(child, 'exit');
  expect(await whatIsTrue(child.exitCode)).toEqual(ROLLED_BACK);
});

test('Of two rollbacks at once the second is told who is at it, and changes nothing.', async () => {
  // Long enough for the second to come while the first one watches.
  site = resources.use(await openSite({ ...stores, service: `${name}-slow`, edit: watchLonger }));
  const first = await startRollback(site);
  await until('the first holds the lease', async () => {
    const { stdout } = await site.call(['incident', 'list', '--json']);
    return stdout.includes('"status": "open"');
  });
  const second = await site.call(['rollback', 'application', '--yes']);
  expect(second.code).toBe(4);
  expect(second.stderr).toContain('E_LEASE_HELD');
  expect(second.stderr).toContain(`pid ${first.pid}`);
  first.stdout?.resume();
  first.stderr?.resume();
  if (first.exitCode === null) await once(first, 'exit');
  expect(await whatIsTrue(first.exitCode)).toEqual(ROLLED_BACK);
  expect(await site.changes()).toHaveLength(1);
});
