/**
 * Given a rollback that stood still (SIGSTOP) for longer than its lease while somebody else took
 * over and finished, when it goes on, then it is refused at its next change.
 *
 *     first    lease 1 ──┤ stopped ├────────────────────────── goes on: refused
 *     second               lease runs out, lease 2, finishes
 */

import { readFile } from 'node:fs/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { isAlive } from '../support/until.ts';
import { expectExit, resultOf } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { changesOf, incidentsOf, liveOf, startsOf } from './support/look.ts';
import type { Boundary, CliEnd } from './support/run-cli.ts';
import { type Site, openSite } from './support/site.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --json --reason 'Every second request fails'";

/** Stops a rollback at a boundary, lets another process resume and finish, and lets it go on. */
async function overtake(site: Site, stopAt: Boundary): Promise<CliEnd> {
  const first = site.start(ROLLBACK, { stopAt });
  await waitFor('the first stands still', () => isStopped(first.pid));
  const second = await site.run('incident resume --json');
  expectExit(second, 0);
  first.kill('SIGCONT');
  return await first.end;
}

async function isStopped(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /^\d+ \(.*\) T/.test(status);
}

/** One change, by the second holder; a record that nobody tore. */
async function expectOneChange(site: Site): Promise<void> {
  const changes = await changesOf(site);
  expect(changes.map(({ tag, fence }) => ({ tag, fence }))).toEqual([{ tag: 'v1.1.0', fence: 2 }]);
  expect(await liveOf(site)).toBe('v1.1.0');
  const incidents = await incidentsOf(site);
  expect(incidents.map(({ chain }) => chain.intact)).toEqual([true]);
}

test('stopped before it proves its lease, it is refused with the lease lost', async () => {
  await using site = await openSite(ground);
  const first = await overtake(site, { event: 'step-started', step: 'deploy:web' });
  expectExit(first, 4);
  const { outcome, problems, steps } = resultOf(first);
  expect(outcome).toBe('refused');
  expect(problems).toContain('E_LEASE_LOST');
  expect(steps['deploy:web']?.outcome).toBe('not-run');
  expect(steps['hold-release']?.outcome).toBe('not-run');
  expect(await startsOf(site)).toHaveLength(1);
  await expectOneChange(site);
});

test('stopped exactly between proof and deployment, it is refused by the fence', async () => {
  await using site = await openSite(ground);
  const first = await overtake(site, { event: 'step-intended', step: 'deploy:web' });
  expectExit(first, 4);
  const { outcome, problems, steps } = resultOf(first);
  expect(outcome).toBe('refused');
  expect(problems).toContain('E_FENCED');
  expect(steps['hold-release']?.outcome).toBe('not-run');
  // Its deploy program was not even started.
  expect(await startsOf(site)).toHaveLength(1);
  await expectOneChange(site);
});

test('stopped while its deploy program runs, that program is refused at the moment of its change', async () => {
  await using site = await openSite(ground);
  await site.trouble('waits');
  const first = site.start(ROLLBACK);
  const program = await waitFor('the deploy program runs', async () => (await startsOf(site))[0]);
  first.kill('SIGSTOP');
  const second = await site.run('incident resume --json');
  expectExit(second, 0);
  // The program goes on and comes to its change while the one who started it stands still.
  await site.letGo();
  await waitFor('the program is over', async () => !(await isAlive(program.pid)));
  await expectOneChange(site);
  first.kill('SIGCONT');
  const end = await first.end;
  expectExit(end, 4);
  // Whichever it hears of first: the fence of the target, or the lease that is gone.
  expect(resultOf(end).problems).toMatch(/E_FENCED|E_LEASE_LOST/);
  expect(resultOf(end).steps['deploy:web']?.outcome).toBe('failed');
  expect(await startsOf(site)).toHaveLength(2);
  await expectOneChange(site);
});

test('continued while its deploy program waits, it ends the program that has no right any more', async () => {
  await using site = await openSite(ground);
  await site.trouble('waits');
  const first = site.start(ROLLBACK);
  const program = await waitFor('the deploy program runs', async () => (await startsOf(site))[0]);
  first.kill('SIGSTOP');
  expectExit(await site.run('incident resume --json'), 0);
  first.kill('SIGCONT');
  const end = await first.end;
  expectExit(end, 4);
  expect(resultOf(end).problems).toContain('E_LEASE_LOST');
  expect(await isAlive(program.pid)).toBe(false);
  await expectOneChange(site);
});

test('stopped for less than its lease, it goes on as if nothing had been', async () => {
  await using site = await openSite(ground, { leaseTtl: '20s' });
  const first = site.start(ROLLBACK, { stopAt: { event: 'step-started', step: 'deploy:web' } });
  await waitFor('it stands still', () => isStopped(first.pid));
  const second = await site.run("rollback application --yes --json --reason 'Me too, at once'");
  first.kill('SIGCONT');
  const end = await first.end;
  expect(second.code).toBe(4);
  expectExit(end, 0);
  expect((await changesOf(site)).map(({ fence }) => fence)).toEqual([1]);
});
