/**
 * Given two services in one repository, each with its own file, of which the shop is rolled back
 * after the catalogue: while something of the catalogue is under way, the shop waits and is told for
 * what; its safe state never waits.
 */

import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { postgresLeases } from '../../src/adapters/postgres/leases.ts';
import { postgresReleases } from '../../src/adapters/postgres/releases.ts';
import { targetResource } from '../../src/model/lease.ts';
import { errorOf, expectExit } from './support/answers.ts';
import { openGround } from './support/ground.ts';
import { changesOf, incidentsOf, leasesOf, overridesOf } from './support/look.ts';
import { ENVIRONMENT } from './support/site-config.ts';
import { openSite, type Site } from './support/site.ts';
import { PATIENCE_MS, waitFor } from './support/wait.ts';

const ground = await openGround();
afterAll(() => ground[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: PATIENCE_MS });

const ROLLBACK = "rollback application --yes --json --reason 'Every second request fails'";
/** The catalogue has its own file beside backout.yml. */
const OTHER = '--config catalogue.yml';

interface Pair {
  shop: Site;
  /** The same place, seen as the catalogue. */
  catalogue: Site;
}

const nameOf = (service: string): string => `${service}-catalogue`;

/** Both have the same releases; v1.2.0 is live of both. */
async function openPair(resources: AsyncDisposableStack): Promise<Pair> {
  const shop = resources.use(
    await openSite(ground, {
      edit: (config, service) => `${config}depends_on: [${nameOf(service)}]\n`,
    }),
  );
  const service = nameOf(shop.service);
  const state = `${shop.state}-catalogue`;
  await cp(shop.state, state, { recursive: true });
  const own = await readFile(join(shop.directory, 'backout.yml'), 'utf8');
  const config = own
    .replace(`service: ${shop.service}\n`, `service: ${service}\n`)
    .replace(`depends_on: [${service}]\n`, '')
    .replaceAll(`"${shop.state}"`, `"${state}"`);
  await writeFile(join(shop.directory, 'catalogue.yml'), config);
  const scope = { service, environment: ENVIRONMENT };
  const releases = postgresReleases(ground.postgres);
  for (const one of await releases.list({ ...scope, service: shop.service })) {
    await releases.record(scope, { tag: one.tag, commit: one.commit, at: one.deployedAt });
    await releases.mark(scope, one.tag, one.status);
  }
  expectExit(await shop.run(`flags publish ${OTHER}`), 0);
  return { shop, catalogue: { ...shop, service, state } };
}

async function expectUntouched(shop: Site): Promise<void> {
  expect(await changesOf(shop)).toEqual([]);
  expect(await incidentsOf(shop)).toEqual([]);
  expect(await leasesOf(shop)).toBe(0);
}

const spaced = (text: string): string => text.replaceAll(/\s+/g, ' ');

test('while somebody changes the other one, this one is told who, for what and until when', async () => {
  await using resources = new AsyncDisposableStack();
  const { shop, catalogue } = await openPair(resources);
  const leases = postgresLeases(ground.postgres);
  const scope = { service: catalogue.service, environment: ENVIRONMENT };
  const holder = 'maria@runner (pid 7)';
  const held = await leases.acquire({
    resources: [targetResource(scope, 'web')],
    holder,
    incident: 'inc-7',
    ttlMs: PATIENCE_MS,
  });

  const refused = await shop.run(ROLLBACK);
  expectExit(refused, 4);
  const { code, message, remedy } = errorOf(refused);
  expect(code).toBe('E_DEPENDENCY');
  expect(message).toContain(`${catalogue.service}: ${holder} is changing it for incident inc-7`);
  expect(message).toContain(held[0]?.expiresAt);
  expect(remedy).toContain(`backout incident show inc-7 --environment ${ENVIRONMENT}`);
  await expectUntouched(shop);

  const assessed = await shop.run('assess');
  expect(spaced(assessed.stdout)).toContain(`${catalogue.service}: ${holder} is changing it`);
  const planned = await shop.run('plan application');
  expectExit(planned, 0);
  expect(spaced(planned.stdout)).toContain(`Before this: ${catalogue.service}: ${holder}`);

  const emergency = await shop.run("emergency --json --reason 'Every second request fails'");
  expectExit(emergency, 0);
  expect(Object.keys(await overridesOf(shop))).toHaveLength(1);
  await leases.release(held);
});

test('a rollback of the other one that was killed has to be finished, and then this one runs', async () => {
  await using resources = new AsyncDisposableStack();
  const { shop, catalogue } = await openPair(resources);
  const killed = await shop.run(`${ROLLBACK} ${OTHER}`, {
    killAt: { event: 'step-intended', step: 'deploy:web' },
  });
  expect(killed.signal).toBe('SIGKILL');
  await waitFor('nobody has a lease', async () => (await leasesOf(catalogue)) === 0);

  const refused = await shop.run(ROLLBACK);
  expectExit(refused, 4);
  const { code, remedy } = errorOf(refused);
  expect(code).toBe('E_DEPENDENCY');
  const [incident] = await incidentsOf(catalogue);
  expect(remedy).toContain(`With the backout.yml of ${catalogue.service}`);
  expect(remedy).toContain(`backout incident resume ${incident?.id}`);
  await expectUntouched(shop);

  // The shop is still ill, and nobody of the catalogue's acknowledges its flags: but it is deployed.
  expectExit(await shop.run(`incident resume --json ${OTHER}`), 1);
  expectExit(await shop.run(ROLLBACK), 0);
  expect((await changesOf(shop)).map(({ tag }) => tag)).toEqual(['v1.1.0']);
});
