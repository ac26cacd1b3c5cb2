import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildRepository } from '../../examples/storefront/build-repository.ts';
import { openGit } from '../../examples/storefront/platform/git.ts';
import { startSupervisor } from '../../examples/storefront/start-supervisor.ts';
import { startTraffic, type Traffic } from '../../examples/storefront/traffic.ts';
import { startPostgres } from '../../src/adapters/local/postgres-server.ts';
import { provideBinaries } from '../../src/adapters/local/provide-binaries.ts';
import { startRedis } from '../../src/adapters/local/redis-server.ts';
import type { LocalServer } from '../../src/adapters/local/local-server.ts';
import type { Environment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Observe } from '../../src/model/progress.ts';
import { buildTargets } from '../../src/wiring/build-targets.ts';
import { openDirectStores } from '../../src/wiring/direct-stores.ts';
import { type OpenService, openService } from '../../src/wiring/open-service.ts';
import { type Output, SHOWN_LIVE } from '../output.ts';
import { writeDrillConfig } from './drill-config.ts';

/** A production in miniature: its stores, its releases, the running service and its customers. */
export interface Scene extends AsyncDisposable {
  directory: string;
  configFile: string;
  /** Variables of every process that works for the service. */
  variables: Environment['variables'];
  artifacts: string;
  /** Override files of the service: what a failing flag store is made of. */
  overridesDirectory: string;
  deploysLog: string;
  shortened: string[];
  postgres: LocalServer;
  redis: LocalServer;
  /** Oldest first. */
  releases: { tag: string; commit: string }[];
  /** Ends the service and all that runs it, at once. */
  killService: () => void;
  startCustomers: () => Traffic;
  /** Connects Backout to it, as a command would. */
  connect: (mode: 'journal-first' | 'spool-first', observe: Observe) => Promise<OpenService>;
}

export interface SceneOptions {
  /** Gets everything; is emptied first. */
  directory: string;
  environment: Environment;
  user: string;
  out: Output;
}

const SERVICE = 'storefront';
const ENVIRONMENT = 'laptop';
/** Requests a second: enough that 5 % of three seconds is many requests. */
const TRAFFIC_PER_SECOND = 60;

/** Builds and starts everything; what was started is ended again when a later part fails. */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const { directory, environment, user, out } = options;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await using resources = new AsyncDisposableStack();
  const progress = (text: string): void => out.line(`  ${text}`);

  const binaries = await provideBinaries({
    cacheDir: environment.cacheDir,
    variables: environment.variables,
    hideSystem: environment.hideSystemServices,
    onProgress: progress,
  });
  const [postgres, redis] = await Promise.all([
    startPostgres({ binaries: binaries.postgres }).then((server) => resources.use(server)),
    startRedis({ binaries: binaries.redis }).then((server) => resources.use(server)),
  ]);
  progress(
    `PostgreSQL ${binaries.postgres.version} and Redis ${binaries.redis.version} are running.`,
  );

  const extension = extname(import.meta.filename);
  const clientUrl = new URL(`../../client/index${extension}`, import.meta.url).href;
  const built = await buildRepository({ directory, clientUrl });
  progress(`Git repository with ${built.releases.map(({ tag }) => tag).join(', ')}.`);

  const stateDirectory = join(directory, 'state');
  const flagsDirectory = join(built.repository, '.backout', 'flags');
  const supervisor = resources.use(
    await startSupervisor({
      stateDirectory,
      artifacts: built.artifacts,
      flagsDirectory,
      redisUrl: redis.url,
      service: SERVICE,
      environment: ENVIRONMENT,
    }),
  );
  const deploy = fileURLToPath(
    new URL(`../../examples/storefront/deploy${extension}`, import.meta.url),
  );
  const { text, shortened } = await writeDrillConfig({
    url: supervisor.url,
    deployProgram: [process.execPath, deploy],
    stateDirectory,
  });
  const configFile = join(built.repository, 'backout.yml');
  await writeFile(configFile, text);
  await (
    await openGit(built.repository)
  ).commitAll('Describe the rollback', '2026-03-02T09:00:00Z');
  progress(`The storefront is at ${supervisor.url}`);

  const variables = {
    ...environment.variables,
    STOREFRONT_JOURNAL_URL: postgres.url,
    STOREFRONT_REDIS_URL: redis.url,
  };
  const kept = resources.move();
  return {
    directory,
    configFile,
    variables,
    artifacts: built.artifacts,
    overridesDirectory: join(flagsDirectory, SERVICE, ENVIRONMENT, 'overrides'),
    deploysLog: join(stateDirectory, 'deploys.log'),
    shortened,
    postgres,
    redis,
    releases: built.releases,
    killService: () => void process.kill(supervisor.pid, 'SIGKILL'),
    startCustomers: () =>
      kept.use(startTraffic({ url: supervisor.url, perSecond: TRAFFIC_PER_SECOND })),
    async connect(mode, observe) {
      const loaded = await loadConfig(configFile);
      return kept.use(
        await openService({
          loaded,
          file: configFile,
          environment: undefined,
          need: 'application',
          buildTargets,
          openStores: openDirectStores,
          journalMode: mode,
          user,
          variables,
          console: out.stream,
          consoleSkips: SHOWN_LIVE,
          observe,
          // Ctrl-C ends the whole drill at once; everything it started ends with it.
          interrupted: new AbortController().signal,
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}

/** `20261123-141201-9f3a`: one folder per drill, in order of time. */
export function drillName(now: number): string {
  const [date = '', time = ''] = new Date(now).toISOString().split('T');
  const suffix = randomBytes(2).toString('hex');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${suffix}`;
}
