/**
 * A PostgreSQL database and a Redis database of its own for each test file. The servers run once
 * per test run (global-setup.ts).
 *
 *     const database = await testDatabase();
 *     afterAll(() => database[Symbol.asyncDispose]());
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { LocalBinaries } from '../../src/adapters/local/binaries.ts';
import { provideBinaries } from '../../src/adapters/local/provide-binaries.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import type { TestService } from './global-setup.ts';
import { couldNotRun } from './unavailable.ts';

export interface TestDatabase extends AsyncDisposable {
  /** Of a new, empty database whose owner is the connecting role. */
  url: string;
  name: string;
}

export interface TestRedis extends AsyncDisposable {
  /** Of a database number that nobody else uses and that was found empty. */
  url: string;
  database: number;
  /**
   * Not used before: for the service's name in keys and channels. Channels are shared by all the
   * databases of a server, so a fixed name would hear other test files.
   */
  name: string;
}

/** @throws {Error} naming reason and remedy when there is no PostgreSQL: the test fails */
export async function testDatabase(): Promise<TestDatabase> {
  const server = urlOf('PostgreSQL', inject('postgres'));
  const name = `backout_test_${unique()}`;
  await runSql(server, `CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    [Symbol.asyncDispose]: () => runSql(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** @throws {Error} naming reason and remedy when there is no Redis: the test fails */
export async function testRedis(): Promise<TestRedis> {
  const server = urlOf('Redis', inject('redis'));
  const directory = connect(server);
  try {
    const owner = unique();
    // 0 is where the claims are. A stock Redis has 16 databases, ours have 64.
    for (let database = 1; database < 64; database += 1) {
      const claim = `backout-test:database:${database}`;
      // An hour: longer than a test run, so that a killed run does not keep it for ever.
      if ((await directory.set(claim, owner, 'EX', 3600, 'NX')) === null) continue;
      const url = new URL(server);
      url.pathname = `/${database}`;
      if ((await sizeOf(url.href)) > 0) continue; // somebody's data: the claim keeps others off too
      return {
        url: url.href,
        database,
        name: `test-${owner}`,
        async [Symbol.asyncDispose]() {
          const client = connect(url.href);
          const claims = connect(server);
          try {
            await client.flushdb();
            await claims.del(claim);
          } finally {
            client.disconnect();
            claims.disconnect();
          }
        },
      };
    }
  } finally {
    directory.disconnect();
  }
  throw new Error('Every database of the Redis for tests is taken or has data in it.');
}

/** The programs themselves, for tests that kill servers or need pg_dump. */
export async function testBinaries(): Promise<LocalBinaries> {
  const { cacheDir, variables, hideSystemServices } = readEnvironment();
  return provideBinaries({ cacheDir, variables, hideSystem: hideSystemServices });
}

/**
 * A folder for the PATH in which `redis-cli` is, as a person has it. It comes with the server: from
 * the same package, or the package that the server needs.
 * @throws {Error} naming reason and remedy when there is none: the test fails
 */
export async function testRedisCli(folder: string): Promise<string> {
  const { redis } = await testBinaries();
  const names = ['redis-cli', 'valkey-cli'].map((name) => join(dirname(redis.server), name));
  const program = names.find((name) => existsSync(name));
  if (program === undefined) {
    throw couldNotRun({
      what: 'Tests with redis-cli',
      reason: `There is none beside ${redis.server}.`,
      remedy: 'On Debian: apt-get install redis-tools.',
    });
  }
  await mkdir(folder, { recursive: true });
  const library = redis.libraryPath === undefined ? '' : `LD_LIBRARY_PATH='${redis.libraryPath}' `;
  const script = `#!/bin/sh\n${library}exec '${program}' "$@"\n`;
  await writeFile(join(folder, 'redis-cli'), script, { mode: 0o755 });
  return folder;
}

function urlOf(name: string, service: TestService): string {
  if ('url' in service) return service.url;
  throw couldNotRun({
    what: `Tests with ${name}`,
    reason: service.missing,
    remedy: service.remedy,
  });
}

async function runSql(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function sizeOf(url: string): Promise<number> {
  const client = connect(url);
  try {
    return await client.dbsize();
  } finally {
    client.disconnect();
  }
}

function connect(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  client.on('error', () => {}); // it also rejects the call that is under way
  return client;
}

function unique(): string {
  return randomBytes(6).toString('hex');
}
