/** Given a pipeline that records what it deploys, what is kept of it, and what that is good for. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { errorOf, expectExit } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { assessed, call, hasArtefacts, remember, runs } from './support/history.ts';
import { changesOf, incidentsOf, liveOf, releasesOf } from './support/look.ts';
import { openSite, type Site } from './support/site.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const NEEDS = (config: string): string =>
  `${config}releases: { required_secrets: ['env:STRIPE_KEY', 'env:MAIL_KEY'] }\n`;
const KEYS = { STRIPE_KEY: 'sk-test', MAIL_KEY: 'mail-test' };

const recorded = z.object({
  tag: z.string(),
  commit: z.string(),
  status: z.string(),
  details: z.record(z.string(), z.unknown()),
});

const record = (site: Site, tag: string, ...more: string[]) =>
  call(site, ['release', 'record', tag, '--json', ...more]);

async function statusOf(site: Site, tag: string): Promise<string | undefined> {
  return (await releasesOf(site)).find((release) => release.tag === tag)?.status;
}

test('a record has commit, artefacts, schema version, flags, settings needed, and who said so', async () => {
  await using site = await openSite(ground, { instance: false, edit: NEEDS, variables: KEYS });
  const end = await record(site, 'v1.2.0', '--artefact', 'web=sha256:9f2c', '--schema', '20260101');
  expectExit(end, 0);
  const release = recorded.parse(end.json);
  expect(release).toMatchObject({
    tag: 'v1.2.0',
    commit: ground.commits['v1.2.0'],
    status: 'deployed',
    details: {
      artefacts: { web: 'sha256:9f2c' },
      schemaVersion: '20260101',
      flags: { community: 'boolean', suggestions: 'boolean', checkout: 'boolean' },
      needs: ['env:STRIPE_KEY', 'env:MAIL_KEY'],
      configHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      actor: expect.stringMatching(/\S/) as string,
    },
  });
  // Names of what it needs, and nothing of what is in them.
  expect(JSON.stringify(release)).not.toMatch(/sk-test|mail-test/);
});

test('a release that needs what is gone since is passed over, named, and taken only as a named risk', async () => {
  await using site = await openSite(ground, { edit: NEEDS, variables: KEYS });
  await runs(site, { tag: 'v1.1.0' });
  expectExit(await record(site, 'v1.1.0'), 0);
  await runs(site, { tag: 'v1.2.0' });
  // What the file lists has changed since; what was recorded has not.
  const file = join(site.directory, 'backout.yml');
  const later = (await readFile(file, 'utf8')).replace(/^releases:.*\n/m, '');
  await writeFile(file, later);
  const without = { ...site, variables: { ...site.variables, MAIL_KEY: undefined } };
  const seen = await assessed(without);
  expect(seen.chosen).toBe('v1.0.0');
  expect(seen.candidates['v1.1.0']).toBe('RED secret-missing');
  expect(seen.text.replaceAll(/\s+/g, ' ')).toContain('to need what is gone: env:MAIL_KEY');

  const named = 'rollback application --yes --json --to v1.1.0'.split(' ');
  const why = ['--reason', 'Nobody mails at night'];
  const refused = await call(without, [...named, ...why]);
  expectExit(refused, 4);
  expect(errorOf(refused)).toMatchObject({
    code: 'E_SECRET_MISSING',
    remedy: expect.stringContaining('--accept secret-missing') as string,
  });
  expect(await changesOf(site)).toEqual([]);
  const accepted = [
    ...named,
    ...why,
    '--accept',
    'secret-missing',
    '--approved-by',
    'Grace Hopper',
  ];
  expectExit(await call(without, accepted), 0);
  expect(await liveOf(site)).toBe('v1.1.0');
});

test('recorded, baked and good: only after every round of the whole bake passed', async () => {
  await using site = await openSite(ground);
  site.health.set('good');
  expectExit(await record(site, 'v1.2.0'), 0);
  expect(await statusOf(site, 'v1.2.0')).toBe('deployed');
  const baked = await call(site, ['release', 'bake', 'v1.2.0', '--json']);
  expect({ code: baked.code, status: await statusOf(site, 'v1.2.0') }).toEqual({
    code: 0,
    status: 'good',
  });
});

test('a bake in which a check fails leaves the release unproven', async () => {
  await using site = await openSite(ground);
  const baked = await call(site, ['release', 'bake', 'v1.2.0', '--json']);
  expectExit(baked, 1);
  expect(await statusOf(site, 'v1.2.0')).toBe('deployed');
});

test('what is not live is not recorded, nor what a tag stands for that was moved meanwhile', async () => {
  await using site = await openSite(ground, { instance: false, recorded: false });
  const other = await record(site, 'v1.1.0');
  expectExit(other, 4);
  expect(errorOf(other)).toMatchObject({
    code: 'E_NOT_LIVE',
    message: 'v1.1.0 did not go live: web says that v1.2.0 is live, not v1.1.0.',
  });
  await site.git('tag', '--force', 'v1.2.0', 'v1.0.0');
  const moved = await record(site, 'v1.2.0');
  expectExit(moved, 4);
  expect(errorOf(moved).message).toMatch(
    /web says that v1\.2\.0 \([0-9a-f]{10}\) is live, not v1\.2\.0 \([0-9a-f]{10}\)/,
  );
  expect(await releasesOf(site)).toEqual([]);
});

test('releases from before Backout are recorded with their times: then there is a way back', async () => {
  await using site = await openSite(ground, { instance: false, recorded: false });
  expectExit(await record(site, 'v1.1.0', '--at', '2026-01-02T09:00:00Z'), 0);
  expectExit(await record(site, 'v1.0.0', '--at', '2026-01-01T09:00Z'), 0);
  expect((await assessed(site)).chosen).toBeUndefined();
  for (const tag of ['v1.0.0', 'v1.1.0']) expectExit(await call(site, ['release', 'good', tag]), 0);
  expect((await assessed(site)).chosen).toBe('v1.1.0');
  expect(await releasesOf(site)).toMatchObject([
    { tag: 'v1.0.0', deployedAt: '2026-01-01T09:00:00.000Z' },
    { tag: 'v1.1.0', deployedAt: '2026-01-02T09:00:00.000Z' },
  ]);
  for (const at of ['yesterday', '2026-02-30T09:00:00Z', '2999-01-01T00:00:00Z']) {
    const end = await record(site, 'v1.2.0', '--at', at);
    expectExit(end, 2);
    expect(errorOf(end)).toMatchObject({ code: 'E_TIME', state: 'Nothing was recorded.' });
  }
});

test.each(['', 'two words', 'x'.repeat(201)])('%j is no version of a schema', async (version) => {
  await using site = await openSite(ground, { instance: false });
  const end = await record(site, 'v1.2.0', '--schema', version);
  expectExit(end, 2);
  expect(errorOf(end).code).toBe('E_SCHEMA_VERSION');
});

test('marked good by hand: the journal has who, and that no bake proved it', async () => {
  await using site = await openSite(ground, { instance: false });
  expectExit(await call(site, ['release', 'good', 'v1.2.0']), 0);
  expect(await statusOf(site, 'v1.2.0')).toBe('good');
  const notes = (await incidentsOf(site)).flatMap(({ entries }) => entries);
  expect(notes.find(({ kind }) => kind === 'note')).toMatchObject({
    text: 'v1.2.0 is marked good. By hand, not by its bake.',
    actor: expect.stringMatching(/\S/) as string,
    data: { tag: 'v1.2.0', good: true },
  });
});

const kept = z.object({
  wanted: z.number(),
  kept: z.array(
    z.object({
      release: z.object({ tag: z.string() }),
      artefacts: z.array(z.object({ target: z.string(), state: z.string() })),
    }),
  ),
});

test('several good releases are kept: the newest that are not held, each asked of the platform', async () => {
  await using site = await openSite(ground, {
    instance: false,
    recorded: false,
    edit: (config) => `${config}releases: { keep_good: 2 }\n`,
  });
  const stillThere = ['v0.9.0', 'v0.9.1', 'v0.9.2'];
  for (const tag of stillThere) await site.git('tag', tag, 'v1.0.0^{commit}');
  await remember(site, [
    { tag: 'v0.9.0', status: 'good' },
    { tag: 'v0.9.1', status: 'good' },
    { tag: 'v0.9.2', status: 'good', held: 'It loses orders' },
    { tag: 'v1.0.0', status: 'good' },
    { tag: 'v1.1.0' },
  ]);
  await runs(site, { tag: 'v1.1.0' });
  const look = async (exit: number) => {
    const end = await call(site, ['release', 'kept', '--json']);
    expectExit(end, exit);
    const { wanted, kept: found } = kept.parse(end.json);
    return [wanted, ...found.map(({ release, artefacts }) => [release.tag, artefacts[0]?.state])];
  };
  expect(await look(0)).toEqual([2, ['v1.0.0', 'there'], ['v0.9.1', 'there']]);
  await hasArtefacts(site, { 'v0.9.1': 1 });
  expect(await look(1)).toEqual([2, ['v1.0.0', 'there'], ['v0.9.1', 'missing']]);
  await hasArtefacts(site, { 'v1.0.0': 75 });
  expect(await look(3)).toEqual([2, ['v1.0.0', 'unknown'], ['v0.9.1', 'there']]);
});
