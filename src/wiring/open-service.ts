import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { openFileFlags } from '../adapters/file/flags.ts';
import { filePostmortems } from '../adapters/file/postmortems.ts';
import { spoolingJournal } from '../adapters/file/spool.ts';
import type { DrainReport } from '../adapters/file/spool-drain.ts';
import { gitRepository } from '../adapters/git/repository.ts';
import { connectPostgres, type Postgres } from '../adapters/postgres/connection.ts';
import { postgresJournal } from '../adapters/postgres/journal.ts';
import { postgresLeases } from '../adapters/postgres/leases.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { postgresReleases } from '../adapters/postgres/releases.ts';
import { randomIds } from '../adapters/random-ids.ts';
import { redisBreakers } from '../adapters/redis/breakers.ts';
import { connectRedis } from '../adapters/redis/connection.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { type Need, requireAvailable } from '../config/availability.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Rule } from '../config/sections/rules.ts';
import { resolveReference } from '../config/secrets.ts';
import { groupsOf, providersOf, type SelectedConfig, selectEnvironment } from '../config/select.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import type { MessageCode, MessageFacts } from '../model/message.ts';
import type { Observe } from '../model/progress.ts';
import type { MaintenancePorts } from '../operations/maintenance-steps.ts';
import type { OperationPorts } from '../operations/operation-ports.ts';
import type { PlanFacts } from '../operations/plan-rollback.ts';
import type { FlagStore } from '../ports/flags.ts';
import type { Journal } from '../ports/journal.ts';
import type { Target } from '../ports/target.ts';
import { absentBreakers, absentPostgres, notConfigured } from './absent-stores.ts';
import { buildChecks } from './build-checks.ts';
import { buildMessengers } from './build-messengers.ts';
import { buildCaches } from './build-caches.ts';
import { buildBaseline } from './build-metrics.ts';
import { buildServices } from './build-services.ts';
import { chooseEnvironment } from './choose-environment.ts';
import type { buildDeployments } from './build-deployments.ts';
import type { buildMigrations } from './build-migrations.ts';
import type { TargetOptions } from './build-targets.ts';
import { planFacts } from './plan-facts.ts';

export interface OpenOptions {
  loaded: LoadedConfig;
  /** Where `backout.yml` is: relative paths in it start at its folder. */
  file: string;
  environment: string | undefined;
  /** What is going to be done: settings that it needs must be available. */
  need: Need;
  /**
   * What makes the targets: `buildTargets`, or nothing where none is ever changed. Given by the
   * entry point, so that a bundle for alarms does not carry the clients of AWS.
   */
  buildTargets: (config: SelectedConfig, options: TargetOptions) => Target[];
  /** What audits migrations; left out where no release is chosen, for the same reason. */
  buildMigrations?: typeof buildMigrations;
  /** What asks where deploy pipelines run; left out where nobody assesses, for the same reason. */
  buildDeployments?: typeof buildDeployments;
  /** Where entries go first: the spool for an emergency, which waits for no database. */
  journalMode: 'journal-first' | 'spool-first';
  /** The user who acts, and the words for this process in leases: `user@host (pid 4711)`. */
  user: string;
  variables: EnvironmentVariables;
  console: Writable;
  /** Messages that the console leaves out because they are shown there in another way. */
  consoleSkips: readonly MessageCode[];
  observe: Observe;
  /** Aborts when a person stops the command. */
  interrupted: AbortSignal;
}

/** A service in one environment, with everything outside connected. */
export interface OpenService extends AsyncDisposable {
  config: SelectedConfig;
  /** Absolute: where relative paths of `backout.yml` start, and where Backout keeps its state. */
  folders: { base: string; state: string };
  ports: OperationPorts & MaintenancePorts;
  /** The plan facts as one rule wants them: its flag groups and its breakers. */
  factsOf(rule: Rule): PlanFacts;
  /** Brings spooled entries into the journal, and says what is left. */
  drain(): Promise<DrainReport>;
}

/** Connects everything that `backout.yml` names. Connections that fail say so when they are used. */
export async function openService(options: OpenOptions): Promise<OpenService> {
  const { loaded, variables } = options;
  const config = selectEnvironment(
    loaded.config,
    chooseEnvironment(loaded.config, options.environment),
  );
  const { environment, service } = config;
  requireAvailable(loaded.config, options.need, environment.name);
  const baseDirectory = dirname(resolve(options.file));
  const stateDirectory = stateFolder(config, baseDirectory);
  const scope = { service, environment: environment.name };
  const clock = systemClock;
  const ids = randomIds;
  await using resources = new AsyncDisposableStack();

  const stores = await openPostgres(options, environment, resources);
  const journal = resources.use(
    spoolingJournal({
      primary: stores.journal,
      spoolDirectory: resolve(stateDirectory, 'spool'),
      clock,
      mode: options.journalMode,
    }),
  );
  const breakers = tolerant(options, absentBreakers, () => {
    if (environment.redis === undefined) {
      const setting = `environments.${environment.name}.redis.url`;
      return absentBreakers(notConfigured('E_BREAKERS_UNREACHABLE', 'Redis', setting));
    }
    const redis = resources.use(connectRedis(resolveReference(environment.redis.url, variables)));
    return redisBreakers({ redis, scope, ids });
  });
  const files = openFileFlags({ directory: resolve(stateDirectory, 'flags'), scope });
  // An emergency can only make safe: it is handed nothing that could lift or edit.
  const flags: FlagStore = {
    read: () => files.read(),
    engage: (override) => files.engage(override),
  };
  const facts = planFacts(config, loaded.hash, variables);
  const migrations = options.buildMigrations?.(config, { variables, baseDirectory });
  const deployments = options.buildDeployments?.(config, variables);
  const { metrics, counters } = tolerant(
    options,
    () => ({ metrics: [], counters: [] }),
    () => buildBaseline(config, variables),
  );
  const ports = {
    scope,
    clock,
    ids,
    journal,
    leases: stores.leases,
    releases: stores.releases,
    flags,
    editor: files,
    breakers,
    repository: gitRepository({
      directory: resolve(baseDirectory, config.repository.path),
      env: variables,
      tagPattern: config.repository.tag_pattern,
      scheme: config.repository.versioning,
    }),
    ...(migrations === undefined ? {} : { migrations }),
    ...(deployments === undefined ? {} : { deployments }),
    targets: tolerant(
      options,
      () => [],
      () =>
        options.buildTargets(config, {
          variables,
          baseDirectory,
          stateDirectory,
          onOutput: (target, line) => options.observe({ type: 'note', text: `${target}: ${line}` }),
        }),
    ),
    checks: tolerant(
      options,
      () => [],
      () => {
        const sources = { metrics, counters, journal, scope };
        return buildChecks(config, {
          clock,
          ids,
          flags,
          breakers,
          ...sources,
          variables,
          baseDirectory,
        });
      },
    ),
    caches: tolerant(
      options,
      () => [],
      () => buildCaches(config, variables),
    ),
    services: buildServices(config, { variables, baseDirectory }),
    baseline: { metrics, counters },
    messengers: buildMessengers(config, {
      clock,
      ids,
      variables,
      console: options.console,
      consoleSkips: options.consoleSkips,
    }),
    postmortems: filePostmortems(resolve(baseDirectory, config.postmortem.directory)),
    observe: options.observe,
    interrupted: options.interrupted,
    facts,
    settings: {
      leaseTtlMs: config.lease.ttl,
      messageCapMs: config.messages.timeout,
      messageFooter: messageFooter(config),
      // The last part tells containers apart that share a host name and are all process 1.
      holder: `${options.user}@${hostname()} (pid ${process.pid}, ${ids.next()})`,
      due: config.postmortem.due,
    },
  };
  const kept = resources.move();
  return {
    config,
    folders: { base: baseDirectory, state: stateDirectory },
    ports,
    factsOf: (rule) => ({
      ...facts,
      groups: groupsOf(config, rule),
      providers: providersOf(config, rule),
    }),
    drain: () => journal.drain(),
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}

/**
 * An emergency goes on with what can be had: a secret that is missing for a target, or for Redis,
 * must not keep the flags from being made safe. It is named by the step that needs it. Everybody
 * else is told at once.
 */
function tolerant<T>(
  { journalMode }: OpenOptions,
  otherwise: (why: unknown) => T,
  build: () => T,
): T {
  try {
    return build();
  } catch (error) {
    if (journalMode !== 'spool-first') throw error;
    return otherwise(error);
  }
}

function unreachable(cause: unknown): BackoutError {
  return new BackoutError({
    code: 'E_JOURNAL_UNREACHABLE',
    message: `The journal's database cannot be connected: ${describeCause(cause)}`,
    remedy: 'Set what is missing; spooled entries are carried over by the next command.',
    cause,
  });
}

function stateFolder(config: SelectedConfig, baseDirectory: string): string {
  const { state } = config.environment;
  switch (state.kind) {
    case 'embedded':
      return resolve(baseDirectory, state.directory);
    case 'aws':
      // requireAvailable has refused it already; the compiler does not know.
      throw new BackoutError({
        code: 'E_NOT_AVAILABLE',
        kind: 'refused',
        message: 'State on AWS is not available yet.',
        remedy: 'Use state: {kind: embedded} for now.',
      });
    default:
      return state satisfies never;
  }
}

async function openPostgres(
  options: OpenOptions,
  environment: SelectedConfig['environment'],
  resources: AsyncDisposableStack,
): Promise<ReturnType<typeof absentPostgres>> {
  const postgres = tolerant<Postgres | BackoutError>(options, unreachable, () => {
    const setting = `environments.${environment.name}.journal.url`;
    if (environment.journal === undefined) {
      return notConfigured('E_JOURNAL_UNREACHABLE', 'A journal database', setting);
    }
    const url = resolveReference(environment.journal.url, options.variables);
    return resources.use(connectPostgres(url, { applicationName: 'backout' }));
  });
  if (postgres instanceof BackoutError) return absentPostgres(postgres);
  const stores = {
    journal: postgresJournal(postgres),
    leases: postgresLeases(postgres),
    releases: postgresReleases(postgres),
  };
  // An emergency does not wait for the database; its entries are carried over later, after this.
  if (options.journalMode === 'spool-first') {
    return { ...stores, journal: migratedOnUse(stores.journal, () => migrate(postgres)) };
  }
  // A database that is down says so when it is used, with the words of the operation at hand.
  await migrate(postgres).catch(() => undefined);
  return stores;
}

/** A journal that brings its schema up to date before its first use. */
function migratedOnUse(journal: Journal, prepare: () => Promise<unknown>): Journal {
  let prepared: Promise<unknown> | undefined;
  const ready = async (): Promise<void> => {
    prepared ??= prepare();
    try {
      await prepared;
    } catch (error) {
      prepared = undefined;
      throw error;
    }
  };
  return {
    append: async (entry) => {
      await ready();
      return await journal.append(entry);
    },
    read: async (scope, incident) => {
      await ready();
      return await journal.read(scope, incident);
    },
    incidents: async (scope) => {
      await ready();
      return await journal.incidents(scope);
    },
  };
}

function messageFooter({ messages }: SelectedConfig): Pick<MessageFacts, 'runbook' | 'commander'> {
  const { runbook_url: runbook, commander } = messages;
  return {
    ...(runbook === undefined ? {} : { runbook }),
    ...(commander === undefined ? {} : { commander }),
  };
}
