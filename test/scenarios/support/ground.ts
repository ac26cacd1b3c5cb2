/** What the sites of one test file share: a database, a Redis, the repository that they copy. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Postgres, connectPostgres } from '../../../src/adapters/postgres/connection.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import {
  type TestDatabase,
  type TestRedis,
  testDatabase,
  testRedis,
} from '../../support/services.ts';
import { buildReleases } from './releases.ts';

export interface Ground extends AsyncDisposable {
  directory: string;
  database: TestDatabase;
  /** Connected as the owner of the tables. */
  postgres: Postgres;
  redis: TestRedis;
  redisClient: Redis;
  /** Variables that every command needs: no more of ours than it takes to start programs. */
  variables: Record<string, string | undefined>;
  /** A repository to copy, and the commit of each of its tags. */
  repository: string;
  commits: Record<string, string>;
  /** Not used before on this Redis and in this database: each site is a service of its own. */
  nextName: () => string;
}

/** Dispose of its sites first. */
export async function openGround(): Promise<Ground> {
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'backout-scenarios-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  const database = resources.use(await testDatabase());
  const redis = resources.use(await testRedis());
  const postgres = resources.use(
    connectPostgres(database.url, { applicationName: 'backout scenarios' }),
  );
  await migrate(postgres);
  const redisClient = resources.adopt(new Redis(redis.url), (client) => client.disconnect());
  const path = readEnvironment().variables['PATH'];
  const repository = join(directory, 'repository');
  const commits = await buildReleases(repository, path ?? '');
  let count = 0;
  const kept = resources.move();
  return {
    directory,
    database,
    postgres,
    redis,
    redisClient,
    // The cache saves every command of the file a third of a second of compiling.
    variables: { PATH: path, HOME: directory, NODE_COMPILE_CACHE: join(directory, 'compiled') },
    repository,
    commits,
    nextName: () => `${redis.name}-${(count += 1)}`,
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}
