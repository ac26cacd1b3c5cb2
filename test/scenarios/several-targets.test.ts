/**
 * Given a service of three targets, each a place of its own that real programs deploy to: what
 * happens when one of them fails, when the rollback is killed between them, and when one does not
 * say what it runs.
 */

import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { errorOf, expectExit, resultOf } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { incidentsOf, leasesOf, releasesOf } from './support/look.ts';
import type { CliEnd } from './support/run-cli.ts';
import { openSite, type Site } from './support/site.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --json --reason 'Every second request fails'";
const NAMES = ['web', 'worker', 'jobs'] as const;
type Name = (typeof NAMES)[number];

interface ThreeSite extends Site {
  place(name: Name): string;
  troubleAt(name: Name, what: string): Promise<void>;
}

/** @param atOnce how many may be deployed side by side; one after the other: web, worker, jobs */
async function openThree(atOnce: number): Promise<ThreeSite> {
  const site = await openSite(ground, { edit: (config) => withThree(config, atOnce) });
  const place = (name: Name): string => (name === 'web' ? site.state : join(site.state, name));
  for (const name of ['worker', 'jobs'] as const) {
    await mkdir(place(name));
    await copyFile(join(site.state, 'live.json'), join(place(name), 'live.json'));
  }
  const troubleAt = (name: Name, what: string): Promise<void> =>
    writeFile(join(place(name), 'trouble.json'), JSON.stringify(what));
  return { ...site, place, troubleAt };
}

/** The target web, three times. */
function withThree(config: string, atOnce: number): string {
  const web = /^ {2}web:\n(?: {4}.*\n)+/m.exec(config)?.[0] ?? '';
  const folder = /"deploy","([^"]+)"/.exec(web)?.[1] ?? '';
  const orders = atOnce === 1 ? [1, 2, 3] : [1, 1, 1];
  const targets = NAMES.map((name, index) => {
    const own = name === 'web' ? web : web.replaceAll(`"${folder}"`, `"${folder}/${name}"`);
    return own.replace('  web:\n', `  ${name}:\n    order: ${orders[index]}\n`);
  });
  return `${config.replace(web, targets.join(''))}releases: { parallel_targets: ${atOnce} }\n`;
}

async function liveAt(site: ThreeSite): Promise<Record<string, string>> {
  const live = NAMES.map(async (name) => {
    const text = await readFile(join(site.place(name), 'live.json'), 'utf8');
    return [name, z.object({ tag: z.string() }).parse(JSON.parse(text)).tag] as const;
  });
  return Object.fromEntries(await Promise.all(live));
}

/** How often each place was really changed. */
async function changesAt(site: ThreeSite): Promise<Record<string, number>> {
  const changes = NAMES.map(async (name) => {
    const text = await readFile(join(site.place(name), 'changes.log'), 'utf8').catch(() => '');
    return [name, text.split('\n').filter((line) => line !== '').length] as const;
  });
  return Object.fromEntries(await Promise.all(changes));
}

async function heldOf(site: Site): Promise<string[]> {
  return (await releasesOf(site)).flatMap(({ tag, held }) => (held === null ? [] : [tag]));
}

/** How each deployment of an execution ended. */
function deploysOf(end: CliEnd): Record<string, string | undefined> {
  const { steps } = resultOf(end);
  return Object.fromEntries(NAMES.map((name) => [name, steps[`deploy:${name}`]?.outcome]));
}

const OLD = { web: 'v1.1.0', worker: 'v1.1.0', jobs: 'v1.1.0' };

async function expectRolledBack(site: ThreeSite): Promise<void> {
  expect(await liveAt(site)).toEqual(OLD);
  expect(await changesAt(site)).toEqual({ web: 1, worker: 1, jobs: 1 });
  expect(await heldOf(site)).toEqual(['v1.2.0']);
  expect(await leasesOf(site)).toBe(0);
  expect((await incidentsOf(site)).map(({ chain }) => chain.intact)).toEqual([true]);
}

test('the middle one fails: the later one is not touched, and resuming goes on to the same release', async () => {
  await using site = await openThree(1);
  await site.troubleAt('worker', 'fails');
  const end = await site.run(ROLLBACK);
  expectExit(end, 1);
  expect(deploysOf(end)).toEqual({ web: 'done', worker: 'failed', jobs: 'not-run' });
  expect(await liveAt(site)).toEqual({ web: 'v1.1.0', worker: 'v1.2.0', jobs: 'v1.2.0' });
  expect(await heldOf(site)).toEqual([]);

  const assessed = await site.run('assess --json');
  const { problems, recommended } = assessment.parse(assessed.json);
  expect(problems).toContain('Mixed state: web runs v1.1.0; worker runs v1.2.0; jobs runs v1.2.0');
  expect(recommended.command).toContain('backout incident resume');

  expectExit(await site.run('incident resume --json'), 0);
  await expectRolledBack(site);
});

const assessment = z.looseObject({
  problems: z.array(z.string()),
  recommended: z.object({ command: z.string() }),
});

test('the same command after a half-done rollback goes to the same release, by itself', async () => {
  await using site = await openThree(1);
  await site.troubleAt('worker', 'fails');
  expectExit(await site.run(ROLLBACK), 1);
  const again = await site.run(ROLLBACK);
  expectExit(again, 0);
  expect(deploysOf(again)).toEqual({ web: 'done', worker: 'done', jobs: 'done' });
  await expectRolledBack(site);
});

test('side by side, the others end what they do, and what comes after them does not begin', async () => {
  await using site = await openThree(3);
  await site.troubleAt('worker', 'fails');
  const plan = await site.run('plan application');
  expect(plan.stdout).toContain('side by side');
  const end = await site.run(ROLLBACK);
  expectExit(end, 1);
  expect(deploysOf(end)).toEqual({ web: 'done', worker: 'failed', jobs: 'done' });
  expect(resultOf(end).steps['hold-release']?.outcome).toBe('not-run');
  expect(await liveAt(site)).toEqual({ ...OLD, worker: 'v1.2.0' });

  expectExit(await site.run('incident resume --json'), 0);
  await expectRolledBack(site);
});

test('killed in the middle of three deployments at once, it is finished by resuming it', async () => {
  await using site = await openThree(3);
  // One is done, one has not come to its change, one is killed at its boundary.
  await site.troubleAt('worker', 'waits');
  const killed = await site.run(ROLLBACK, {
    killAt: { event: 'step-applied', step: 'deploy:jobs' },
  });
  expect(killed.signal).toBe('SIGKILL');
  expect((await liveAt(site))['worker']).toBe('v1.2.0');

  const resumed = await site.run('incident resume --json');
  // The program of the dead one comes to its change only now, with a number that is too low.
  await writeFile(join(site.place('worker'), 'go'), '');
  expectExit(resumed, 0);
  await expectRolledBack(site);
});

test('one does not say what it runs: the others go back, nothing is called done, and a way on is named', async () => {
  await using site = await openThree(3);
  await writeFile(join(site.place('jobs'), 'garbled'), '');
  const end = await site.run(ROLLBACK);
  expectExit(end, 3);
  expect(deploysOf(end)).toEqual({ web: 'done', worker: 'done', jobs: 'unknown' });
  expect(await liveAt(site)).toEqual(OLD);

  // Nobody goes one release further back because of a target that is silent.
  const again = await site.run(ROLLBACK);
  expectExit(again, 4);
  expect(errorOf(again)).toMatchObject({
    code: 'E_UNFINISHED',
    remedy: expect.stringContaining('--to v1.1.0') as string,
  });
  const named = await site.run(`${ROLLBACK} --to v1.1.0`);
  expectExit(named, 3);
  expect(await liveAt(site)).toEqual(OLD);

  await rm(join(site.place('jobs'), 'garbled'));
  expectExit(await site.run('incident resume --json'), 0);
  await expectRolledBack(site);
});

/** The provider is ill, whatever release runs; then it is well again. */
async function rollBackInVain(site: ThreeSite): Promise<void> {
  site.health.set('bad');
  expectExit(await site.run(ROLLBACK), 1);
  expect(await liveAt(site)).toEqual(OLD);
  site.health.set('good');
}

test('it is undone for all three: each runs again what it ran, and nothing is held', async () => {
  await using site = await openThree(3);
  await rollBackInVain(site);
  const undo = "rollback application --forward --yes --json --reason 'The provider is ill'";
  const alone = await site.run(undo);
  expectExit(alone, 4);
  expect(errorOf(alone).code).toBe('E_APPROVAL');
  const undone = await site.run(`${undo} --approved-by 'Grace Hopper'`);
  expectExit(undone, 0);
  expect(await liveAt(site)).toEqual({ web: 'v1.2.0', worker: 'v1.2.0', jobs: 'v1.2.0' });
  expect(await heldOf(site)).toEqual([]);
  expectExit(await site.run('release gate v1.2.0'), 0);
  // And back again: a rollback as any other.
  expectExit(await site.run(ROLLBACK), 0);
  expect(await liveAt(site)).toEqual(OLD);
  expect(await heldOf(site)).toEqual(['v1.2.0']);
});

test('a return that is killed at its deployment is finished by resuming it, and the hold ends last', async () => {
  await using site = await openThree(1);
  await rollBackInVain(site);
  const undo =
    "rollback application --forward --yes --json --reason 'The provider is ill' --approved-by Grace";
  const killed = await site.run(undo, { killAt: { event: 'step-ended', step: 'deploy:worker' } });
  expect(killed.signal).toBe('SIGKILL');
  expect(await liveAt(site)).toEqual({ web: 'v1.2.0', worker: 'v1.2.0', jobs: 'v1.1.0' });
  expect(await heldOf(site)).toEqual(['v1.2.0']);
  await waitFor('nobody has a lease', async () => (await leasesOf(site)) === 0);
  expectExit(await site.run('incident resume --json'), 0);
  expect(await liveAt(site)).toEqual({ web: 'v1.2.0', worker: 'v1.2.0', jobs: 'v1.2.0' });
  expect(await heldOf(site)).toEqual([]);
});
