import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRepository } from '../../examples/storefront/build-repository.ts';
import { until } from '../support/until.ts';
import { startTraffic } from '../../examples/storefront/traffic.ts';
import { type Shop, type Workshop, openShop, openWorkshop } from './support.ts';

let workshop: Workshop;
let shop: Shop;

beforeAll(async () => {
  workshop = await openWorkshop();
  shop = await openShop(workshop);
});

afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await workshop[Symbol.asyncDispose]();
});

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: workshop.built.repository, encoding: 'utf8' }).trim();
}

describe('the repository of the storefront', () => {
  test('has four tags, annotated and lightweight, each at its own commit', () => {
    const kinds = git('for-each-ref', '--format=%(refname:short) %(objecttype)', 'refs/tags');
    expect(kinds.split('\n')).toEqual([
      'v1.0.0 commit',
      'v1.1.0 tag',
      'v1.1.1 commit',
      'v1.2.0 tag',
    ]);
    for (const { tag, commit } of workshop.built.releases) {
      expect(git('rev-parse', `${tag}^{commit}`)).toBe(commit);
    }
  });

  test('has a clean work tree without any artefact in it', () => {
    expect(git('status', '--porcelain', '--ignored')).toBe('');
    expect(workshop.built.artifacts.startsWith(workshop.built.repository)).toBe(false);
  });

  test('comes out the same when it is built again', async () => {
    const again = await buildRepository({
      directory: join(workshop.directory, 'again'),
      clientUrl: 'file:///elsewhere/client.ts',
    });
    expect(again.releases).toEqual(workshop.built.releases);
  });

  test('is not built over one that is already there', async () => {
    const directory = join(workshop.directory);
    await expect(buildRepository({ directory, clientUrl: 'file:///x.ts' })).rejects.toThrow(
      /already there/,
    );
    expect(existsSync(workshop.built.artifacts)).toBe(true);
  });
});

/** Runs traffic against a release until enough requests have ended. */
async function trafficOn(tag: string, requests: number) {
  expect(await shop.deploy(tag)).toMatchObject({ code: 0, stderr: '' });
  await using traffic = startTraffic({ url: shop.supervisor.url });
  await until(`${requests} requests`, () => traffic.records().length >= requests);
  await traffic.stop();
  expect(traffic.records().map(({ release }) => release)).toEqual(traffic.records().map(() => tag));
  return traffic.since(0);
}

describe('the releases of the storefront', () => {
  test('v1.0.0 is good', async () => {
    expect(await trafficOn('v1.0.0', 300)).toMatchObject({ errors: 0, payment_failures: 0 });
    const { body } = await shop.get('/readings');
    expect(body['readings']).toHaveLength(2);
  });

  test('v1.1.0 is good and offers one reading more', async () => {
    expect(await trafficOn('v1.1.0', 300)).toMatchObject({ errors: 0, payment_failures: 0 });
    const { body } = await shop.get('/readings');
    expect(body['readings']).toHaveLength(3);
    const order = await shop.post('/orders', { reading: 'three-cards' });
    expect(order.body['total']).toBe('19.99');
  });

  test('v1.1.1 passes as good, and takes one cent too little', async () => {
    expect(await trafficOn('v1.1.1', 300)).toMatchObject({ errors: 0, payment_failures: 0 });
    expect((await shop.get('/health')).status).toBe(200);
    const order = await shop.post('/orders', { reading: 'three-cards' });
    expect(order.body['total']).toBe('19.98');
  });

  test('v1.2.0 fails one request in five, is slow, and its health comes and goes', async () => {
    const seen = await trafficOn('v1.2.0', 400);
    expect(seen.requests).toBeGreaterThanOrEqual(300);
    expect(seen.error_rate).toBeGreaterThan(0.15);
    expect(seen.error_rate).toBeLessThan(0.25);
    expect(seen.p95_ms).toBeGreaterThan(1000);
    expect(seen.payment_failures).toBe(0);
    const health = await Promise.all(Array.from({ length: 10 }, () => shop.get('/health')));
    const statuses = health.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    const metrics = await shop.get('/metrics');
    expect(metrics.body['total']).toMatchObject({ payments_failed: 0 });
  });
});
