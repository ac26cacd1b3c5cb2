import { afterAll, expect, test } from 'vitest';
import * as z from 'zod';
import { testDatabase, testRedis } from '../support/services.ts';
import { openSite } from './support.ts';

const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());
const database = resources.use(await testDatabase());
const redis = resources.use(await testRedis());
const site = resources.use(
  await openSite({ databaseUrl: database.url, redisUrl: redis.url, service: redis.name }),
);

const document = z.object({
  verdict: z.string(),
  rounds: z.number().optional(),
  measurements: z.array(z.object({ check: z.string(), verdict: z.string(), reason: z.string() })),
});

test('validate prints a line for each check and the folded verdict.', async () => {
  site.answer(200);
  const end = await site.call(['validate']);
  expect(end.code).toBe(0);
  expect(end.stdout).toMatch(/^ {2}PASS +health /m);
  expect(end.stdout).toMatch(/^PASS: 1 check$/m);
});

test('validate --watch shows every round with the time left, and ends with the verdict of all.', async () => {
  site.answer(200);
  const end = await site.call(['validate', '--watch', '--stage', 't+10']);
  expect(end.code).toBe(0);
  const rounds = end.stderr.split('\n').filter((line) => /round \d+ · .* left/.test(line));
  expect(rounds.length).toBeGreaterThanOrEqual(2);
  expect(rounds.at(-1)).toContain(' 0 s left');
  expect(end.stdout).toMatch(/the worst of \d rounds/);
  expect(end.stdout).toContain('PASS: 1 check');
});

test('validate --watch ends at the first failed round: exit 1.', async () => {
  site.answer(503);
  const end = await site.call(['validate', '--watch', '--json']);
  expect(end.code).toBe(1);
  const { verdict, rounds, measurements } = document.parse(JSON.parse(end.stdout));
  expect({ verdict, rounds }).toEqual({ verdict: 'failed', rounds: 1 });
  expect(measurements[0]?.reason).toContain('503');
});
