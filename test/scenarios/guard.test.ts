/**
 * Given a rollback that held v1.2.0, when somebody deploys v1.2.0 again without Backout, then people
 * are told once, with who did it; whoever of several guards looks, and whatever dies meanwhile.
 */

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { postgresReleases } from '../../src/adapters/postgres/releases.ts';
import { expectExit } from './support/answers.ts';
import { type Gate, openGate } from './support/gate.ts';
import { openGround } from './support/ground.ts';
import { type Inbox, openInbox } from './support/inbox.ts';
import { changesOf, incidentsOf, liveOf, spooledOf, startsOf } from './support/look.ts';
import type { RunningCli } from './support/run-cli.ts';
import { openSite, type Site, type SiteOptions } from './support/site.ts';
import { ENVIRONMENT } from './support/site-config.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: 2 * PATIENCE_MS });

const PLACE = fileURLToPath(new URL('support/programs/place.ts', import.meta.url));
const execute = promisify(execFile);

interface Scene extends AsyncDisposable {
  site: Site;
  inbox: Inbox;
}

/** A site whose messages arrive in an inbox. @param hookUrl the way there */
async function openScene(
  options: SiteOptions = {},
  hookUrl: (inbox: string) => Promise<string> = (inbox) => Promise.resolve(inbox),
): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const inbox = resources.use(await openInbox());
  const variables = { SITE_HOOK_URL: await hookUrl(inbox.url) };
  const channels =
    "messages: { channels: { hook: { kind: webhook, url: 'env:SITE_HOOK_URL' } } }\n";
  const edit = (config: string): string => `${config}${channels}`;
  const site = resources.use(await openSite(ground, { ...options, variables, edit }));
  const kept = resources.move();
  return { site, inbox, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The same after somebody went back to v1.1.0 by hand, and held v1.2.0. */
async function openHeld(...given: Parameters<typeof openScene>): Promise<Scene> {
  const scene = await openScene(...given);
  const { service, state } = scene.site;
  const scope = { service, environment: ENVIRONMENT };
  const at = new Date().toISOString();
  const release = { tag: 'v1.1.0', commit: ground.commits['v1.1.0'] ?? '' };
  const releases = postgresReleases(ground.postgres);
  await releases.record(scope, { ...release, at });
  await releases.hold(scope, 'v1.2.0', { reason: 'Orders fail', by: 'kim', at });
  await writeFile(join(state, 'live.json'), JSON.stringify(release));
  return scene;
}

/** Somebody deploys with the program of the team, past Backout. */
async function deployByHand({ state, directory }: Site, tag: string, by: string): Promise<void> {
  const args = [PLACE, 'deploy', state, tag, ground.commits[tag] ?? ''];
  await execute(process.execPath, args, { cwd: directory, env: { DEPLOY_BY: by } });
}

const guardCodes = (inbox: Inbox): string[] =>
  inbox.codes().filter((code) => /^(held|guard)-/.test(code));

const notesOf = async (site: Site): Promise<unknown[]> => {
  const incidents = await incidentsOf(site);
  return incidents.flatMap(({ entries }) =>
    entries.flatMap(({ data }) => (data['guard'] === undefined ? [] : [data['guard']])),
  );
};

/** What the command line of another process says of the guard. */
async function guardOf(site: Site) {
  const assessed = await site.run('assess --json');
  const schema = z.object({
    guard: z.object({
      watching: z.object({ holder: z.string() }).optional(),
      lookedAt: z.string().optional(),
    }),
  });
  return schema.parse(assessed.json).guard;
}

/** The process that watches. */
const watcher = async (site: Site): Promise<string | undefined> =>
  (await guardOf(site)).watching?.holder;

/** Waits for two looks: of those, the second began after this. */
async function untilLooked(site: Site): Promise<void> {
  for (const which of ['first', 'second']) {
    const { lookedAt } = await guardOf(site);
    const isLater = async () => (await guardOf(site)).lookedAt !== lookedAt;
    await waitFor(`the ${which} look`, isLater);
  }
}

async function endAll(guards: readonly RunningCli[]): Promise<void> {
  for (const guard of guards) guard.kill('SIGTERM');
  await Promise.all(guards.map(({ end }) => end));
}

test('A held release that is deployed by hand is told within one look, once, and once when it is gone.', async () => {
  await using scene = await openScene();
  const { site, inbox } = scene;
  expectExit(await site.run("rollback application --yes --json --reason 'Orders fail'"), 0);
  expectExit(await site.run('guard --json'), 0);
  await deployByHand(site, 'v1.2.0', 'robin');
  for (let looks = 0; looks < 4; looks += 1) expectExit(await site.run('guard'), 1);
  expect(guardCodes(inbox)).toEqual(['held-release-back']);
  const told = inbox.newest('held-release-back') ?? '';
  expect(told).toMatch(
    /web runs v1\.2\.0 again, which is held \(Orders fail; by \S+, incident \S+\)/,
  );
  expect(told).toMatch(/web itself: place\.ts deploy by robin at \d{4}-/);
  expect(told).toMatch(/Run: backout rollback application --to v1\.1\.0 --incident \S+/);
  expect(await notesOf(site)).toEqual(['back', 'who']);
  expect(await incidentsOf(site)).toMatchObject([{ chain: { intact: true } }]);
  // It told, and did nothing: by hand is what is live.
  expect(await liveOf(site)).toBe('v1.2.0');
  expect((await changesOf(site)).map(({ tag }) => tag)).toEqual(['v1.1.0', 'v1.2.0']);

  const command = /Run: backout (.+)/.exec(told)?.[1] ?? '';
  expectExit(await site.run(`${command} --yes --json --reason 'It came back'`), 0);
  const { stdout } = await site.run('guard');
  expect(stdout).toContain('No held release is back.');
  expectExit(await site.run('guard'), 0);
  expect(guardCodes(inbox)).toEqual(['held-release-back', 'held-release-gone']);
});

test('A guard that is killed while it tells people leaves it to the next look.', async () => {
  await using gates = new AsyncDisposableStack();
  const found = Promise.withResolvers<Gate>();
  await using scene = await openHeld({}, async (url) => {
    found.resolve(gates.use(await openGate(url)));
    return (await found.promise).url;
  });
  const { site, inbox } = scene;
  const gate = await found.promise;
  await deployByHand(site, 'v1.2.0', 'robin');
  const guard = site.start('guard');
  gate.onceSent('held-release-back', () => guard.kill('SIGKILL'));
  expect(await guard.end).toMatchObject({ signal: 'SIGKILL' });
  expect(await notesOf(site)).toContain('back');
  expect(guardCodes(inbox)).toEqual([]);
  expectExit(await site.run('guard'), 1);
  expectExit(await site.run('guard'), 1);
  expect(guardCodes(inbox)).toEqual(['held-release-back']);
  expect((await notesOf(site)).filter((note) => note === 'back')).toHaveLength(1);
});

test('Of two guards one watches; when it is killed, the other takes over, and SIGTERM ends it.', async () => {
  await using scene = await openHeld();
  const { site, inbox } = scene;
  const first = site.start('guard --watch --every 1s');
  await waitFor('the first watches', async () => (await watcher(site)) !== undefined);
  const second = site.start('guard --watch --every 1s');
  expect(await watcher(site)).toContain(`pid ${first.pid}`);
  first.kill('SIGKILL');
  await first.end;
  await waitFor('the second watches', async () =>
    (await watcher(site))?.includes(`pid ${second.pid}`),
  );
  await deployByHand(site, 'v1.2.0', 'robin');
  await waitFor('people are told', () => guardCodes(inbox).length > 0);
  await endAll([second]);
  const ended = await second.end;
  expectExit(ended, 0);
  expect(ended.stderr).toMatch(new RegExp(`pid ${first.pid}, .*watches already`, 's'));
  expect(ended.stdout).toMatch(/^Stopped after \d+ looks?\./);
  expect(await watcher(site)).toBeUndefined();
  expect(guardCodes(inbox)).toEqual(['held-release-back']);
});

test.each([
  ['guard --watch', 'every 90 s.'],
  ['guard --watch --every 2s', 'every 2 s.'],
])('With `guard.every: 90s` in backout.yml, `%s` looks %s', async (command, says) => {
  await using site = await openSite(ground, {
    edit: (config) => `${config}guard: { every: 90s }\n`,
  });
  const guard = site.start(command);
  await waitFor('it watches', async () => (await watcher(site)) !== undefined);
  await endAll([guard]);
  const { stderr } = await guard.end;
  // Where the line breaks depends on the number of the process.
  const said = stderr.replaceAll(/\s+/g, ' ');
  expect(said).toContain(`watches ${site.service} ${ENVIRONMENT}, ${says}`);
});

test('A guard outlives its database, and says that it could not see.', async () => {
  await using gate = await openGate(ground.database.url);
  await using scene = await openHeld({ journalUrl: gate.url });
  const { site, inbox } = scene;
  const guard = site.start('guard --watch --every 1s');
  await waitFor('it watches', async () => (await watcher(site)) !== undefined);
  gate.set('shut');
  await waitFor('it says so', () => guardCodes(inbox).includes('guard-blind'));
  await deployByHand(site, 'v1.2.0', 'robin');
  await waitFor('people are told', () => guardCodes(inbox).includes('held-release-back'));
  gate.set('open');
  await waitFor('it sees again', () => guardCodes(inbox).includes('guard-sees'));
  await waitFor('nothing waits any more', async () => (await spooledOf(site)).length === 0);
  await endAll([guard]);
  expectExit(await guard.end, 0);
  expect(guardCodes(inbox)).toEqual(['guard-blind', 'held-release-back', 'guard-sees']);
  expect((await notesOf(site)).filter((note) => note === 'back')).toHaveLength(1);
  expect((await incidentsOf(site)).map(({ chain }) => chain.intact)).not.toContain(false);
});

test('A rollback is no news to a guard that watches it, and its end says who watches.', async () => {
  await using scene = await openHeld();
  const { site, inbox } = scene;
  const guard = site.start('guard --watch --every 1s');
  await waitFor('it watches', async () => (await watcher(site)) !== undefined);
  await deployByHand(site, 'v1.2.0', 'robin');
  await waitFor('people are told', () => guardCodes(inbox).length > 0);
  await site.trouble('waits');
  const again = site.start("rollback application --to v1.1.0 --yes --reason 'It came back'");
  await waitFor('it deploys', async () => (await startsOf(site)).length === 2);
  await untilLooked(site);
  await site.letGo();
  const ended = await again.end;
  expectExit(ended, 0);
  expect(ended.stdout).toContain(`pid ${guard.pid}`);
  await waitFor('it is gone', () => guardCodes(inbox).includes('held-release-gone'));
  await endAll([guard]);
  expect(guardCodes(inbox)).toEqual(['held-release-back', 'held-release-gone']);
  const { stderr } = await guard.end;
  expect(stderr).toContain('ROLLBACK RUNNING');
});
