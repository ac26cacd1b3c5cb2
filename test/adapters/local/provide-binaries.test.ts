import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { serviceVariables } from '../../../src/adapters/local/binaries.ts';
import { findOnPath } from '../../../src/adapters/local/find-binaries.ts';
import { startPostgres } from '../../../src/adapters/local/postgres-server.ts';
import { provideBinaries, provideRedis } from '../../../src/adapters/local/provide-binaries.ts';
import { startRedis } from '../../../src/adapters/local/redis-server.ts';
import { runProgram } from '../../../src/adapters/local/run-program.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import type { BackoutError } from '../../../src/model/error.ts';
import { failureOf } from '../../support/failure.ts';
import { skipBecause } from '../../support/unavailable.ts';

const { variables } = readEnvironment();
const program = fileURLToPath(new URL('fixtures/fetch-binaries.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  // Under /tmp and open to others, so that as root the servers' account can run what is in it.
  folder = await mkdtemp('/tmp/provide-');
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('on a machine without PostgreSQL and Redis, but with apt', () => {
  const binariesSchema = z.object({
    source: z.literal('unpacked'),
    version: z.string(),
    libraryPath: z.string(),
  });
  const fetchedSchema = z.object({
    progress: z.array(z.string()),
    binaries: z.object({
      postgres: binariesSchema.extend({ bin: z.string() }),
      redis: binariesSchema.extend({ server: z.string() }),
    }),
  });
  let fetched: Promise<z.output<typeof fetchedSchema>[]> | undefined;

  /** Two processes at once fetch into the same empty folder; all tests use what they made. */
  async function fetchTwice(context: TestContext) {
    if ((await findOnPath('apt-get', variables)) === undefined) {
      return skipBecause(context, {
        what: 'Fetching PostgreSQL and Redis without installing them',
        reason: 'This system has no apt-get.',
        remedy: 'Run the tests on Debian or Ubuntu, for example: docker run -it debian:12',
      });
    }
    const cache = join(folder, 'cache');
    const fetchOnce = async () =>
      fetchedSchema.parse(
        JSON.parse(
          await runProgram(process.execPath, [program, cache], {
            env: variables,
            timeoutMs: 280_000,
          }),
        ),
      );
    fetched ??= Promise.all([fetchOnce(), fetchOnce()]);
    return fetched;
  }

  test('two processes at once share one download and get the same programs', async (context) => {
    const [first, second] = await fetchTwice(context);
    expect(first?.binaries).toEqual(second?.binaries);
    const progress = [...(first?.progress ?? []), ...(second?.progress ?? [])];
    expect(progress.filter((line) => line.startsWith('Fetching'))).toHaveLength(1);
    const places = await readdir(join(folder, 'cache'));
    const left = await Promise.all(places.map((place) => readdir(join(folder, 'cache', place))));
    expect(left.flat().toSorted().join(' ')).toMatch(/^postgres-\d+ redis-\d+$/);
  }, 300_000);

  test('the programs use the libraries fetched with them, and only the C library of the machine', async (context) => {
    const [one] = await fetchTwice(context);
    if (one === undefined) throw new Error('Nothing was fetched.');
    const { postgres, redis } = one.binaries;
    const programs = ['postgres', 'initdb', 'pg_dump', 'pg_restore'].map((name) => ({
      file: join(postgres.bin, name),
      binaries: postgres,
    }));
    for (const { file, binaries } of [...programs, { file: redis.server, binaries: redis }]) {
      // The loader's own way to list what it would load; `ldd` is a script around it.
      const env = { ...serviceVariables(binaries, '/'), LD_TRACE_LOADED_OBJECTS: '1' };
      const listing = await runProgram(file, [], { env, timeoutMs: 10_000 });
      expect(listing).not.toContain('not found');
      const outside = [...listing.matchAll(/^\s*(\S+) => (\/\S+)/gm)]
        .filter(([, , path]) => path?.startsWith(folder) !== true)
        .map(([, name]) => name);
      const cLibrary =
        /^(?:libc|libm|libdl|librt|libpthread|libresolv|libutil)\.so|^\/lib.*ld-linux/;
      expect(outside.filter((name) => !cLibrary.test(name ?? ''))).toEqual([]);
    }
  }, 300_000);

  test('a database survives pg_dump and pg_restore of the fetched PostgreSQL', async (context) => {
    const [one] = await fetchTwice(context);
    if (one === undefined) throw new Error('Nothing was fetched.');
    const binaries = one.binaries.postgres;
    await using server = await startPostgres({ binaries });
    const options = { env: serviceVariables(binaries, '/'), timeoutMs: 60_000 };
    const copyUrl = Object.assign(new URL(server.url), { pathname: '/copy' }).href;
    await query(
      server.url,
      "CREATE TABLE reading AS SELECT n, 'Grün' AS label FROM generate_series(1, 1000) n",
    );
    await query(server.url, 'CREATE DATABASE copy');
    const dump = join(folder, 'dump');
    await runProgram(join(binaries.bin, 'pg_dump'), ['-Fc', '-f', dump, server.url], options);
    await runProgram(join(binaries.bin, 'pg_restore'), ['-1', '-d', copyUrl, dump], options);
    const rows = await query(copyUrl, 'SELECT count(*)::int, sum(n)::int, min(label) FROM reading');
    expect(rows).toEqual([{ count: 1000, sum: 500_500, min: 'Grün' }]);
  }, 300_000);

  test('the fetched PostgreSQL answers queries so large that others would compile them', async (context) => {
    const [one] = await fetchTwice(context);
    if (one === undefined) throw new Error('Nothing was fetched.');
    await using server = await startPostgres({ binaries: one.binaries.postgres });
    // The just-in-time compiler is not fetched; asking for it must not break a query.
    const url = `${server.url}?options=-c%20jit%3Don%20-c%20jit_above_cost%3D0`;
    expect(await query(url, 'SELECT sum(n)::int FROM generate_series(1, 100) n')).toEqual([
      { sum: 5050 },
    ]);
  }, 300_000);

  test('the fetched Redis keeps a value', async (context) => {
    const [one] = await fetchTwice(context);
    if (one === undefined) throw new Error('Nothing was fetched.');
    await using server = await startRedis({ binaries: one.binaries.redis });
    const client = new Redis(server.url);
    try {
      await client.set('level', 'flags');
      expect(await client.get('level')).toBe('flags');
    } finally {
      client.disconnect();
    }
  }, 300_000);

  test('a damaged cache is noticed and fetched again', async (context) => {
    const [one] = await fetchTwice(context);
    if (one === undefined) throw new Error('Nothing was fetched.');
    const { redis } = one.binaries;
    await writeFile(redis.server, 'not a program');
    const progress: string[] = [];
    const repaired = await provideRedis({
      cacheDir: join(folder, 'cache'),
      variables,
      hideSystem: true,
      onProgress: (text) => progress.push(text),
    });
    expect(repaired).toEqual(redis);
    expect(progress[0]).toMatch(/^Fetching Redis /);
  }, 300_000);
});

describe('on a machine where nothing can be fetched', () => {
  const complete = [
    'sudo apt-get install -y postgresql redis-server',
    'brew install postgresql@17 redis',
    'docker run -d --rm -p 5432:5432 -e POSTGRES_PASSWORD=backout postgres:17 && docker run -d --rm -p 6379:6379 redis:7',
    'BACKOUT_TEST_DATABASE_URL=postgres://postgres:backout@127.0.0.1:5432/postgres',
    'BACKOUT_TEST_REDIS_URL=redis://127.0.0.1:6379/0',
  ];

  test('the message says what is missing, that nothing changed, and the lines for Debian, a Mac and Docker', async () => {
    const error = await failureWith('');
    expect(error.code).toBe('E_SERVICES_MISSING');
    expect(error.message).toMatch(/^This machine has no PostgreSQL and Redis\. .*no apt-get/);
    expect(error.state).toBe('No service was started and nothing was installed.');
    for (const line of complete) expect(error.remedy).toContain(line);
  });

  test('when only Redis is missing, only Redis is asked for', async () => {
    const error = await failureOf(
      provideRedis({ cacheDir: folder, variables: {}, hideSystem: true }),
    );
    expect(error.message).toContain('This machine has no Redis.');
    expect(error.remedy).not.toMatch(/postgres/i);
  });

  test('the words of a failing apt are passed on, and nothing stays in the cache folder', async () => {
    const error = await failureWith(
      await fakeApt('failing', 'echo "E: no such mirror" >&2; exit 100'),
    );
    expect(error.code).toBe('E_SERVICES_MISSING');
    expect(error.message).toContain('E: no such mirror');
    expect(error.remedy).toContain(complete[0]);
    for (const place of await readdir(join(folder, 'none'))) {
      expect(await readdir(join(folder, 'none', place))).toEqual([]);
    }
  });

  test('an apt that knows no such package is a failure, not an empty installation', async () => {
    const error = await failureWith(await fakeApt('empty', 'exit 0'));
    expect(error.code).toBe('E_SERVICES_MISSING');
    expect(error.message).toContain('nothing to install for postgresql');
  });
});

function failureWith(path: string): Promise<BackoutError> {
  const cacheDir = join(folder, 'none');
  return failureOf(provideBinaries({ cacheDir, variables: { PATH: path }, hideSystem: true }));
}

/** A folder with stand-ins for apt that do what `script` says. */
async function fakeApt(name: string, script: string): Promise<string> {
  const dir = join(folder, name);
  await mkdir(dir);
  for (const file of ['apt-get', 'apt-cache', 'dpkg-deb']) {
    await writeFile(join(dir, file), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return [dir, '/usr/bin', '/bin'].join(delimiter);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
