/** Given ten services in one repository, each sees its own tags, records and holds, and no other's. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { errorOf, expectExit } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { assessed, call, remember, runs } from './support/history.ts';
import { changesOf, liveOf } from './support/look.ts';
import { PLACE, openSite, type Site } from './support/site.ts';
import { webTarget } from './support/site-config.ts';
import { PATIENCE_MS } from './support/wait.ts';

const ground = await openGround();
vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });

/** The first is how the second and the third begin; `v` is no version of anybody. */
const NAMES = 'pay payments payments-api orders stock mail search users v admin'.split(' ');
const WHY = ['--reason', 'Every second request fails'];

/** A service with a folder, a `backout.yml` and a platform of its own, in the shared repository. */
type Part = Pick<Site, 'ground' | 'service' | 'directory' | 'state' | 'variables' | 'git'>;

const configOf = (
  name: string,
  { service, state, health }: Part & Pick<Site, 'health'>,
): string => {
  return `
service: ${service}
environments:
  production:
    state: { kind: embedded, directory: .backout }
    journal: { url: 'env:SITE_JOURNAL_URL' }
repository: { path: ../.., tag_pattern: '${name}/v*' }
targets:
${webTarget(state, [process.execPath, PLACE])}
checks:
  health: { kind: http, url: ${health.url} }
stages: { now: 0s, t+2: 100ms, t+10: 200ms }
bake: { duration: 200ms, every: 500ms }
`;
};

async function addService(site: Site, name: string): Promise<Part> {
  const directory = join(site.directory, 'services', name);
  const state = join(site.state, name);
  await mkdir(directory, { recursive: true });
  await mkdir(state);
  const part = { ...site, service: `${site.service}-${name}`, directory, state };
  await writeFile(join(directory, 'backout.yml'), configOf(name, part));
  return part;
}

let site: Site;
const parts = new Map<string, Part>();
const partOf = (name: string): Part => {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`There is no service ${name}.`);
  return part;
};

beforeAll(async () => {
  site = await openSite(ground, { instance: false, recorded: false });
  // Its health is that of what runs here.
  await runs(site, { tag: 'v1.1.0' });
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    await site.git('commit', '--quiet', '--allow-empty', '--message', `All at ${version}`);
    // Released together: every service has its tag on the same commit.
    for (const name of NAMES) await site.git('tag', `${name}/v${version}`);
  }
  // Far ahead, and nobody else's business.
  await site.git('tag', 'pay/v9.0.0');
  for (const [index, name] of NAMES.entries()) {
    const part = await addService(site, name);
    parts.set(name, part);
    await remember(part, [
      { tag: `${name}/v1.0.0`, status: 'good' },
      { tag: `${name}/v1.1.0`, status: index % 2 === 0 ? 'good' : 'bad' },
      { tag: `${name}/v1.2.0` },
    ]);
    await runs(part, { tag: `${name}/v1.2.0` });
  }
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await ground[Symbol.asyncDispose]();
});

test.each(NAMES.map((name, index) => [name, index % 2 === 0] as const))(
  '%s goes back to its own last known good release, and lists no tag of another',
  async (name, isGood) => {
    const seen = await assessed(partOf(name));
    expect({ ...seen, text: '' }).toEqual({
      live: `${name}/v1.2.0`,
      chosen: isGood ? `${name}/v1.1.0` : `${name}/v1.0.0`,
      candidates: {
        [`${name}/v1.1.0`]: isGood ? 'GREEN' : 'RED bad',
        [`${name}/v1.0.0`]: 'GREEN',
      },
      problems: [],
      text: '',
    });
  },
);

test('the tag of another service is no release of this one, and near names are its own', async () => {
  const named = ['rollback', 'application', '--to', 'pay/v1.1.0', '--yes', '--json', ...WHY];
  const { code, message } = errorOf(await call(partOf('payments'), named));
  expect(code).toBe('E_TAG_NOT_FOUND');
  expect(message).toMatch(/no release tag "pay\/v1\.1\.0"/);
  expect(
    message
      .match(/\S+\/v\d\.\d\.\d/g)
      ?.slice(1)
      .every((tag) => tag.startsWith('payments/')),
  ).toBe(true);
});

test('a hold on one service says nothing about the commit in another', async () => {
  const [pay, payments] = [partOf('pay'), partOf('payments')];
  const held = ['release', 'hold', 'pay/v1.1.0', '--reason', 'It loses orders at night'];
  expectExit(await call(pay, held), 0);
  expect((await assessed(pay)).chosen).toBe('pay/v1.0.0');
  expect((await assessed(partOf('payments-api'))).chosen).toBe('payments-api/v1.1.0');
  const refused = await call(pay, ['release', 'gate', 'pay/v1.1.0', '--json']);
  expectExit(refused, 4);
  expect(errorOf(refused).message).toContain('It loses orders at night');
  expectExit(await call(payments, ['release', 'gate', 'payments/v1.2.0']), 0);
});

test('the gate of one service does not let the tag of another through', async () => {
  const end = await call(partOf('payments'), ['release', 'gate', 'orders/v1.2.0', '--json']);
  expect(errorOf(end).code).toBe('E_TAG_NOT_FOUND');
});

test('a rollback of one service changes nothing of the nine others', async () => {
  const [orders, others] = [partOf('orders'), NAMES.filter((name) => name !== 'orders')];
  expectExit(await call(orders, ['rollback', 'application', '--yes', ...WHY]), 0);
  const live = async (name: string) => await liveOf({ ...site, ...partOf(name) });
  expect(await live('orders')).toBe('orders/v1.0.0');
  for (const name of others) {
    expect(await live(name)).toBe(`${name}/v1.2.0`);
    expect(await changesOf({ ...site, ...partOf(name) })).toEqual([]);
  }
});
