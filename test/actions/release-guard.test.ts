/** The function that a schedule calls every minute, as its bundle runs. */

import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { type RunningFunction, startFunction } from '../../cli/drill/run-function.ts';
import { connectPostgres } from '../../src/adapters/postgres/connection.ts';
import { postgresLeases } from '../../src/adapters/postgres/leases.ts';
import { guardResource } from '../../src/model/lease.ts';
import { openSite, type Site } from '../cli/support.ts';
import { scheduleEvent } from '../support/schedule-event.ts';
import { testDatabase, testRedis } from '../support/services.ts';

const resources = new AsyncDisposableStack();
let site: Site;
let guard: RunningFunction;
let databaseUrl: string;
const logged: string[] = [];

beforeAll(async () => {
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  databaseUrl = database.url;
  site = resources.use(
    await openSite({ databaseUrl, redisUrl: redis.url, service: redis.name, instance: false }),
  );
  const variables = { ...site.env, BACKOUT_CONFIG: join(site.folder, 'backout.yml') };
  guard = resources.use(
    await startFunction('release-guard', variables, (line) => logged.push(line)),
  );
}, 120_000);
afterAll(() => resources.disposeAsync());

const answerSchema = z.looseObject({
  decision: z.string(),
  reason: z.string().optional(),
  verdict: z.string().optional(),
  findings: z.array(z.looseObject({ kind: z.string(), target: z.string() })).default([]),
});

const look = async (event = scheduleEvent()) => answerSchema.parse(await guard.call(event));

async function makeLive(tag: string, more: object = {}): Promise<void> {
  const commit = await site.git.git('rev-parse', `${tag}^{commit}`);
  const live = JSON.stringify({ tag, commit: commit.trim(), ...more });
  await writeFile(join(dirname(site.folder), 'place', 'live'), live);
}

async function openIncidents(): Promise<{ id: string; rule: string }[]> {
  const listed = await site.call(['incident', 'list', '--json']);
  const schema = z.object({
    incidents: z.array(z.object({ id: z.string(), rule: z.string(), status: z.string() })),
  });
  return schema.parse(JSON.parse(listed.stdout)).incidents.filter((one) => one.status === 'open');
}

test('It says what is live, and others see that it watches.', async () => {
  expect(await look()).toMatchObject({
    decision: 'look',
    verdict: 'passed',
    findings: [{ kind: 'fine', target: 'web', tag: 'v1.2.0' }],
  });
  const { stdout } = await site.call(['assess']);
  expect(stdout).toMatch(/Guard:\s+function release-guard watches, last look \d+ s\s+ago/);
});

test('A held release that is back opens one incident, however often it is called.', async () => {
  await makeLive('v1.1.1', { by: 'robin', how: 'make deploy' });
  for (let calls = 0; calls < 3; calls += 1) {
    expect(await look()).toMatchObject({
      decision: 'look',
      verdict: 'failed',
      findings: [{ kind: 'held-release-back', target: 'web', tag: 'v1.1.1', expected: 'v1.2.0' }],
    });
  }
  expect(await openIncidents()).toMatchObject([{ rule: 'guard' }]);
  const text = logged.join('\n');
  expect(text.match(/HELD RELEASE IS BACK/g)).toHaveLength(1);
  expect(text).toContain('web itself: make deploy by robin.');
  expect(await site.changes()).toEqual([]);
  await makeLive('v1.2.0');
  expect(await look()).toMatchObject({ verdict: 'passed' });
  expect(logged.join('\n').match(/HELD RELEASE IS GONE AGAIN/g)).toHaveLength(1);
});

test('It stands by while a process watches.', async () => {
  await using postgres = connectPostgres(databaseUrl, { applicationName: 'test' });
  const leases = postgresLeases(postgres);
  const resource = guardResource({ service: site.service, environment: 'production' });
  const held = await leases.inspect([resource]);
  await leases.release(held);
  const request = { resources: [resource], holder: 'kim@host (pid 12)', incident: 'guard' };
  const taken = await leases.acquire({ ...request, ttlMs: 60_000 });
  expect(await look()).toEqual({
    decision: 'stand-by',
    reason: 'kim@host (pid 12) watches already.',
    findings: [],
  });
  await leases.release(taken);
  expect(await look()).toMatchObject({ decision: 'look' });
});

test('What is no schedule is not answered with a look.', async () => {
  expect(await look({ source: 'aws.s3' })).toMatchObject({
    decision: 'ignore',
    reason: 'This is no event of a schedule: {"source":"aws.s3"}',
  });
});
