/** Starts what the tests need, once per run, and stops it at the end. */

import type { TestProject } from 'vitest/node';
import { providePostgres, provideRedis } from '../../src/adapters/local/provide-binaries.ts';
import { startPostgres } from '../../src/adapters/local/postgres-server.ts';
import { startRedis } from '../../src/adapters/local/redis-server.ts';
import type { StartOptions, LocalServer } from '../../src/adapters/local/local-server.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { BackoutError, describeCause } from '../../src/model/error.ts';

/** Either a server to use, or why there is none and what to do about it. */
export type TestService = { url: string } | { missing: string; remedy: string };

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestService;
    redis: TestService;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const environment = readEnvironment();
  const onProgress = (text: string): void => project.vitest.logger.log(text);
  const options = {
    cacheDir: environment.cacheDir,
    variables: environment.variables,
    hideSystem: environment.hideSystemServices,
    onProgress,
  };
  const servers: LocalServer[] = [];

  async function service(
    given: string | undefined,
    start: (options: StartOptions) => Promise<LocalServer>,
  ): Promise<TestService> {
    if (given !== undefined) return { url: given };
    try {
      const server = await start({ onProgress });
      servers.push(server);
      return { url: server.url };
    } catch (error) {
      const remedy = error instanceof BackoutError ? error.remedy : 'Repair what the error names.';
      return { missing: describeCause(error), remedy };
    }
  }

  // One after the other: both may have to be fetched, and one fetch at a time is polite.
  const redis = await service(environment.testRedisUrl, async (start) =>
    startRedis({ ...start, binaries: await provideRedis(options) }),
  );
  const postgres = await service(environment.testDatabaseUrl, async (start) =>
    startPostgres({ ...start, binaries: await providePostgres(options) }),
  );
  project.provide('redis', redis);
  project.provide('postgres', postgres);
  return async () => {
    for (const server of servers) await server.stop();
  };
}
