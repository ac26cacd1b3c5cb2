/** Given a store that is down or hangs: what makes safe goes on, what cannot be recorded does not. */

import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { errorOf, expectExit, resultOf } from './support/answers.ts';
import { openGate } from './support/gate.ts';
import { openGround } from './support/ground.ts';
import {
  breakersOf,
  changesOf,
  incidentsOf,
  leasesOf,
  overridesOf,
  spooledOf,
  startsOf,
} from './support/look.ts';
import { type Site, openSite } from './support/site.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const EMERGENCY = "emergency --json --reason 'Every second request fails'";
const ROLLBACK = "rollback application --yes --json --reason 'Every second request fails'";
const OPEN = { stripe: 'open', twilio: 'open' };

async function isOverridden(site: Site): Promise<boolean> {
  return Object.values(await overridesOf(site)).some(({ mode }) => mode === 'safe');
}

/** When the command began to make safe, as its override says. */
async function safeSince(site: Site): Promise<number> {
  return Math.max(...Object.values(await overridesOf(site)).map(({ since }) => Date.parse(since)));
}

async function areOpen(site: Site): Promise<boolean> {
  const { states } = await breakersOf(site);
  return states['stripe'] === 'open' && states['twilio'] === 'open';
}

describe.each(['shut', 'hung'] as const)('given a journal database that is %s', (state) => {
  test('an emergency makes safe within 2 s, and its record enters the journal once, later', async () => {
    await using gate = await openGate(ground.database.url, state);
    await using site = await openSite(ground, { journalUrl: gate.url });
    const run = site.start(EMERGENCY);
    // Starting a process on a busy machine takes its time; making safe is counted from then on.
    await waitFor('safe', async () => (await isOverridden(site)) && areOpen(site));
    expect(Date.now() - (await safeSince(site))).toBeLessThan(2_000);
    const end = await run.end;
    expectExit(end, 0);
    expect(resultOf(end).outcome).toBe('done');
    expect(await incidentsOf(site)).toEqual([]);
    const waiting = await spooledOf(site);
    expect(waiting.length).toBeGreaterThan(0);
    expect(end.stderr).toContain('wait');

    gate.set('open');
    expect((await site.run('flags list --json')).code).toBe(0);
    expect(await spooledOf(site)).toEqual([]);
    const [incident, ...others] = await incidentsOf(site);
    expect(others).toEqual([]);
    expect(incident?.chain).toMatchObject({ intact: true, entries: waiting.length });
    const keys = incident?.entries.map(({ key }) => key) ?? [];
    expect(new Set(keys).size).toBe(keys.length);

    const shown = await site.run('incident show --json');
    expectExit(shown, 0);
    expect(shown.json).toMatchObject({ chain: { intact: true, entries: waiting.length } });
    expect(await incidentsOf(site)).toHaveLength(1);
  });

  test('a rollback is refused before it changes anything, and says what to bring back', async () => {
    await using gate = await openGate(ground.database.url, state);
    await using site = await openSite(ground, { journalUrl: gate.url });
    for (const command of [ROLLBACK, `${ROLLBACK} --to v1.1.0 --approved-by Grace`]) {
      const end = await site.run(command);
      expectExit(end, 1, 4);
      const { code, message, remedy } = errorOf(end);
      expect(code).toMatch(/^E_(RELEASES|JOURNAL|LEASES)_UNREACHABLE$/);
      expect(message).toContain('PostgreSQL');
      expect(remedy).toContain('PostgreSQL');
      expect(end.ms).toBeLessThan(20_000);
    }
    expect(await changesOf(site)).toEqual([]);
    expect(await overridesOf(site)).toEqual({});
    expect((await breakersOf(site)).states).toEqual({});
    expect(await spooledOf(site)).toEqual([]);
    gate.set('open');
    expect((await site.run('incident list --json')).json).toEqual({ incidents: [] });
    expect(await leasesOf(site)).toBe(0);
  });
});

test('a journal that fails in the middle of a rollback stops it, and resuming finishes it', async () => {
  await using gate = await openGate(ground.database.url);
  await using site = await openSite(ground, { journalUrl: gate.url });
  await site.trouble('waits');
  const run = site.start(ROLLBACK);
  await waitFor(
    'the deploy program runs',
    async () => (await isOverridden(site)) && isDeploying(site),
  );
  gate.set('shut');
  await site.letGo();
  const end = await run.end;
  expectExit(end, 1, 3, 4);
  gate.set('open');
  const resumed = await site.run('incident resume --json');
  expectExit(resumed, 0);
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.1.0']);
  const incidents = await incidentsOf(site);
  expect(incidents.map(({ chain }) => chain.intact)).toEqual([true]);
});

async function isDeploying(site: Site): Promise<boolean> {
  return (await startsOf(site)).length > 0;
}

test.each(['shut', 'hung'] as const)(
  'with Redis %s, an emergency stores the flags, names the problem and ends in bounded time',
  async (state) => {
    await using gate = await openGate(ground.redis.url, state);
    await using site = await openSite(ground, { redisUrl: gate.url });
    const run = site.start(EMERGENCY);
    await waitFor('the override is stored', () => isOverridden(site));
    expect(Date.now() - (await safeSince(site))).toBeLessThan(2_000);
    const end = await run.end;
    expectExit(end, 3);
    const { outcome, steps, problems } = resultOf(end);
    expect(outcome).toBe('partial');
    expect(steps['engage-override']?.outcome).toBe('done');
    expect(steps['trip-breakers']?.outcome).not.toBe('done');
    expect(problems).toContain('Redis');
    expect(end.ms).toBeLessThan(20_000);
    expect(Object.keys(await overridesOf(site))).toHaveLength(1);
    expect((await breakersOf(site)).states).toEqual({});
    const incidents = await incidentsOf(site);
    expect(incidents.map(({ chain }) => chain.intact)).toEqual([true]);

    gate.set('open');
    const resumed = await site.run('incident resume --json');
    expectExit(resumed, 0);
    expect((await breakersOf(site)).states).toEqual(OPEN);
    expect(Object.keys(await overridesOf(site))).toHaveLength(1);
  },
);

test.each([
  {
    how: 'cannot be written',
    code: 1,
    // A link that leads nowhere: reads as empty, and cannot be made a folder.
    breakIt: (overrides: string) => symlink('/nowhere/at/all', overrides),
  },
  {
    how: 'can be neither written nor read',
    code: 3,
    breakIt: (overrides: string) => writeFile(overrides, 'not a folder'),
  },
])(
  'with flags that $how, an emergency opens the breakers, exits $code and says what is not safe',
  async ({ code, breakIt }) => {
    await using site = await openSite(ground);
    const overrides = join(site.flags, 'overrides');
    await breakIt(overrides);
    const end = await site.run(EMERGENCY);
    expect((await breakersOf(site)).states).toEqual(OPEN);
    expectExit(end, code);
    const { steps, problems } = resultOf(end);
    expect(steps['trip-breakers']?.outcome).toBe('done');
    expect(steps['engage-override']?.outcome).toBe(code === 1 ? 'failed' : 'unknown');
    expect(problems).toContain('E_FLAGS_UNREACHABLE');

    await rm(overrides);
    const resumed = await site.run('incident resume --json');
    expectExit(resumed, 0);
    expect(Object.keys(await overridesOf(site))).toHaveLength(1);
  },
);
