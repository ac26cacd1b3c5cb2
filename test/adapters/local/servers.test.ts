import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { type LocalBinaries, serviceVariables } from '../../../src/adapters/local/binaries.ts';
import type { ServerKind } from '../../../src/adapters/local/local-server.ts';
import { startServer } from '../../../src/adapters/local/local-server.ts';
import { startPostgres } from '../../../src/adapters/local/postgres-server.ts';
import { startRedis } from '../../../src/adapters/local/redis-server.ts';
import { failureOf } from '../../support/failure.ts';
import { testBinaries } from '../../support/services.ts';
import { skipWithoutProc } from '../../support/unavailable.ts';
import { isAlive } from '../../support/until.ts';

let binaries: LocalBinaries;
beforeAll(async () => {
  binaries = await testBinaries();
});

async function sql(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function onRedis<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

function withoutPassword(url: string): string {
  return Object.assign(new URL(url), { password: '' }).href;
}

/** Under /tmp and not TMPDIR: as root, the servers' account must get there. */
async function keptDir() {
  const dir = await mkdtemp('/tmp/kept-');
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}

test('a stopped PostgreSQL leaves no process and no directory, and can be stopped again', async () => {
  const server = await startPostgres({ binaries: binaries.postgres });
  expect(await sql(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await server.stop();
  expect(await isAlive(server.pid)).toBe(false);
  expect(existsSync(server.dir)).toBe(false);
  await server.stop();
});

test('a stopped Redis leaves no process and no directory, and can be stopped again', async () => {
  const server = await startRedis({ binaries: binaries.redis });
  expect(await onRedis(server.url, (client) => client.set('a', '1'))).toBe('OK');
  await server.stop();
  expect(await isAlive(server.pid)).toBe(false);
  expect(existsSync(server.dir)).toBe(false);
  await server.stop();
});

test('servers never run as root', async (context) => {
  if (!existsSync('/proc/self/status')) skipWithoutProc(context);
  await using postgres = await startPostgres({ binaries: binaries.postgres });
  await using redis = await startRedis({ binaries: binaries.redis });
  for (const { pid } of [postgres, redis]) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    expect(status).not.toMatch(/^Uid:\s+0/m);
  }
});

test('other people on the machine cannot use the servers without the password', async () => {
  await using postgres = await startPostgres({ binaries: binaries.postgres });
  await using redis = await startRedis({ binaries: binaries.redis });
  await expect(sql(withoutPassword(postgres.url), 'SELECT 1')).rejects.toThrow(/password/);
  const answer = onRedis(withoutPassword(redis.url), (client) => client.get('a'));
  await expect(answer).rejects.toThrow(/NOAUTH/);
});

test('throwaway data does not wait for the disk; data in a named directory does', async () => {
  await using kept = await keptDir();
  await using throwaway = await startPostgres({ binaries: binaries.postgres });
  await using durable = await startPostgres({ binaries: binaries.postgres, dir: kept.dir });
  expect(await sql(throwaway.url, 'SHOW fsync')).toEqual([{ fsync: 'off' }]);
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    expect(await sql(durable.url, `SHOW ${setting}`)).toEqual([{ [setting]: 'on' }]);
  }
});

test('PostgreSQL finds its data again in a named directory, with the same password', async () => {
  await using kept = await keptDir();
  const first = await startPostgres({ binaries: binaries.postgres, dir: kept.dir });
  await sql(first.url, 'CREATE TABLE note AS SELECT 42 AS answer');
  await first.stop();
  expect(existsSync(join(kept.dir, 'data', 'PG_VERSION'))).toBe(true);
  await using second = await startPostgres({ binaries: binaries.postgres, dir: kept.dir });
  expect(await sql(second.url, 'SELECT answer FROM note')).toEqual([{ answer: 42 }]);
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
});

test('Redis finds its data again in a named directory', async () => {
  await using kept = await keptDir();
  const first = await startRedis({ binaries: binaries.redis, dir: kept.dir });
  await onRedis(first.url, (client) => client.set('answer', '42'));
  await first.stop();
  await using second = await startRedis({ binaries: binaries.redis, dir: kept.dir });
  expect(await onRedis(second.url, (client) => client.get('answer'))).toBe('42');
});

test('a directory in use by another PostgreSQL is refused with the words of its log, and left alone', async () => {
  await using kept = await keptDir();
  await using first = await startPostgres({ binaries: binaries.postgres, dir: kept.dir });
  const second = startPostgres({ binaries: binaries.postgres, dir: kept.dir });
  const error = await failureOf(second);
  expect(error.code).toBe('E_SERVICE_START');
  expect(error.message).toMatch(/postmaster\.pid.*already exists/s);
  expect(error.state).toContain(`${kept.dir} was left as it is`);
  expect(error.remedy).toContain('in use by another PostgreSQL');
  expect(await sql(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('damaged data is reported with the words of the log and not overwritten', async () => {
  await using kept = await keptDir();
  const first = await startPostgres({ binaries: binaries.postgres, dir: kept.dir });
  await first.stop();
  await writeFile(join(kept.dir, 'data', 'postgresql.conf'), 'no_such_setting = 1\n');
  const second = startPostgres({ binaries: binaries.postgres, dir: kept.dir });
  await expect(second).rejects.toThrow(/no_such_setting/);
  expect(existsSync(join(kept.dir, 'data', 'PG_VERSION'))).toBe(true);
});

test('when somebody else takes the port first, another port is tried', async () => {
  const occupied = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => occupied.once('listening', resolve));
  const address = occupied.address();
  const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const ports: number[] = [];
  const kind: ServerKind = {
    name: 'Redis',
    prepare: async ({ port, dir }) => {
      const used = ports.length < 2 ? taken : port;
      ports.push(used);
      const { server } = binaries.redis;
      const listen = ['--port', String(used), '--bind', '127.0.0.1', '--save', ''];
      // The loser of the race for a port says so in its log and ends.
      return {
        variables: serviceVariables(binaries.redis, dir),
        steps: [[server, ...listen]],
        signals: ['SIGTERM'],
      };
    },
    url: ({ port }) => `tcp://127.0.0.1:${port}`,
    probe: async ({ port }) => {
      if (ports.at(-1) !== port) throw new Error('not ours');
      await fetch(`http://127.0.0.1:${port}`, {
        method: 'HEAD',
        signal: AbortSignal.timeout(50),
      }).catch((error: unknown) => {
        if (String(error instanceof Error && error.cause).includes('ECONNREFUSED')) throw error;
      });
    },
  };
  await using server = await startServer(kind, {});
  expect(ports).toEqual([taken, taken, server.port]);
  await new Promise((resolve) => occupied.close(resolve));
});

test('a program that is not there is named, and the throwaway directory is removed', async () => {
  const missing = { ...binaries.redis, server: '/nowhere/redis-server' };
  const error = await failureOf(startRedis({ binaries: missing }));
  expect(error.code).toBe('E_SERVICE_START');
  expect(error.message).toContain('/nowhere/redis-server');
});
