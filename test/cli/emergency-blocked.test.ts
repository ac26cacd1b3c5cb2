import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, testRedis } from '../support/services.ts';
import { openSite, type Site } from './support.ts';

const resources = new AsyncDisposableStack();
let site: Site;

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  site = resources.use(await openSite({ ...stores, service: redis.name, instance: false }));
});
afterAll(() => resources.disposeAsync());

test('With a file in the place of our folder an emergency does what it can, and ends as it says.', async () => {
  await rm(join(site.folder, '.backout'), { recursive: true, force: true });
  await writeFile(join(site.folder, '.backout'), 'not a folder\n');

  const { code, stdout, stderr } = await site.run(['emergency', '--reason', 'site down', '--json']);

  expect(stdout + stderr).not.toContain('E_INTERNAL');
  expect(code).toBe(3);
  const result = JSON.parse(stdout) as { execution: { outcome: string; steps: unknown[] } };
  expect(result.execution.outcome).toMatch(/partial|unknown/);
  expect(result.execution.steps).toContainEqual(
    expect.objectContaining({
      step: expect.objectContaining({ id: 'trip-breakers' }) as unknown,
      result: expect.objectContaining({ outcome: 'done' }) as unknown,
    }),
  );
});
