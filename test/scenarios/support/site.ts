/**
 * A small production in a folder: three releases in git, v1.0.0 and v1.1.0 known good, v1.2.0 live
 * and broken; flags in files, breakers in Redis, a journal in PostgreSQL, one running instance that
 * acknowledges, and a target that logs every real change.
 */

import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BackoutClient, connectBackout } from '../../../client/index.ts';
import { openFileFlags } from '../../../src/adapters/file/flags.ts';
import { postgresReleases } from '../../../src/adapters/postgres/releases.ts';
import { timestampBefore } from './time.ts';
import type { Ground } from './ground.ts';
import { type Health, openHealth } from './health.ts';
import { TAGS, git } from './releases.ts';
import { type CliEnd, type CliOptions, type RunningCli, startCli } from './run-cli.ts';
import { ENVIRONMENT, type SiteConfig, siteConfig } from './site-config.ts';

/** The program that stands for a platform. */
export const PLACE = fileURLToPath(new URL('programs/place.ts', import.meta.url));

export interface Site extends AsyncDisposable {
  ground: Ground;
  service: string;
  /** The repository, with backout.yml in it. */
  directory: string;
  /** What place.ts keeps. */
  state: string;
  /** Files of the flags: base, safe, overrides. */
  flags: string;
  health: Health;
  /** The running instance, as its own code sees it. @throws {Error} where there is none */
  instance(): BackoutClient;
  /** The variables of its commands. */
  variables: Record<string, string | undefined>;
  /** Runs `backout …` to its end. */
  run(args: string, options?: CliOptions): Promise<CliEnd>;
  start(args: string, options?: CliOptions): RunningCli;
  git(...args: string[]): Promise<string>;
  /** How the next deployment goes wrong; see place.ts. */
  trouble(what: string): Promise<void>;
  /** Lets a deployment go on that waits. */
  letGo(): Promise<void>;
}

export interface SiteOptions extends Partial<
  Pick<SiteConfig, 'deployTimeout' | 'leaseTtl' | 'watch'>
> {
  /** Addresses that the commands use; the instance always has the real ones. */
  journalUrl?: string;
  redisUrl?: string;
  /** Without one nobody can acknowledge anything. */
  instance?: false;
  /** False: nobody ever recorded a release. */
  recorded?: false;
  /** Name of the folder with the repository. Default: repository. */
  folder?: string;
  /** Changes backout.yml before it is written. */
  edit?: (config: string, service: string) => string;
  /** Variables that it refers to, besides the usual ones. */
  variables?: Record<string, string>;
}

export async function openSite(ground: Ground, options: SiteOptions = {}): Promise<Site> {
  await using resources = new AsyncDisposableStack();
  const service = ground.nextName();
  const scope = { service, environment: ENVIRONMENT };
  const root = join(ground.directory, service);
  const directory = join(root, options.folder ?? 'repository');
  const state = join(root, 'place');
  await cp(ground.repository, directory, { recursive: true });
  await mkdir(state);
  const live = join(state, 'live.json');
  await writeFile(live, JSON.stringify({ tag: 'v1.2.0', commit: ground.commits['v1.2.0'] }));
  const health = resources.use(await openHealth(live));

  const config = siteConfig({
    ...options,
    service,
    baseUrl: health.url,
    state,
    place: [process.execPath, PLACE],
  });
  await writeFile(join(directory, 'backout.yml'), options.edit?.(config, service) ?? config);
  const flagsRoot = join(directory, '.backout', 'flags');
  const flags = openFileFlags({ directory: flagsRoot, scope });
  await flags.publish(
    'features',
    { community: true, suggestions: true, checkout: true },
    { community: false, suggestions: false },
  );
  await flags.publish('protection', { rate_limit: false }, { rate_limit: true });
  // Somebody changed a base value since: it has to come back as it is.
  await flags.setBase('features', 'suggestions', false);

  const releases = postgresReleases(ground.postgres);
  for (const [index, tag] of options.recorded === false ? [] : TAGS.entries()) {
    const at = timestampBefore((TAGS.length - index) * 3_600_000);
    await releases.record(scope, { tag, commit: ground.commits[tag] ?? '', at });
    if (tag !== 'v1.2.0') await releases.mark(scope, tag, 'good');
  }
  let instance: BackoutClient | undefined;
  if (options.instance !== false) {
    instance = resources.use(
      await connectBackout({
        ...scope,
        flagsDirectory: flagsRoot,
        redisUrl: ground.redis.url,
        instance: 'api-1',
        pollMs: 200,
        heartbeatMs: 1_000,
      }),
    );
  }

  const variables = {
    ...ground.variables,
    ...options.variables,
    SITE_JOURNAL_URL: options.journalUrl ?? ground.database.url,
    SITE_REDIS_URL: options.redisUrl ?? ground.redis.url,
  };
  const start: Site['start'] = (args, cliOptions) =>
    startCli(['--config', 'backout.yml', ...split(args)], directory, variables, cliOptions);
  const kept = resources.move();
  return {
    ground,
    service,
    directory,
    state,
    flags: join(flagsRoot, service, ENVIRONMENT),
    health,
    variables,
    instance() {
      if (instance === undefined) throw new Error('No instance of the service runs.');
      return instance;
    },
    start,
    run: (args, cliOptions) => start(args, cliOptions).end,
    git: (...args) => git(directory, ground.variables['PATH'] ?? '', ...args),
    trouble: (what) => writeFile(join(state, 'trouble.json'), JSON.stringify(what)),
    letGo: () => writeFile(join(state, 'go'), ''),
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}

/** Words of a command line; 'single quotes' keep words together. */
function split(args: string): string[] {
  return [...args.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}
