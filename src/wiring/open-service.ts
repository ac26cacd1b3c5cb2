import { hostname, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { filePostmortems } from '../adapters/file/postmortems.ts';
import type { DrainReport } from '../adapters/file/spool-drain.ts';
import { gitRepository } from '../adapters/git/repository.ts';
import { randomIds } from '../adapters/random-ids.ts';
import { SECRET_PATIENCE } from '../adapters/aws/ssm-secrets.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { type Need, requireAvailable } from '../config/availability.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Rule } from '../config/sections/rules.ts';
import { withStored } from '../config/secrets.ts';
import { groupsOf, providersOf, type SelectedConfig, selectEnvironment } from '../config/select.ts';
import type { MessageCode, MessageFacts } from '../model/message.ts';
import type { Observe } from '../model/progress.ts';
import type { MaintenancePorts } from '../operations/maintenance-steps.ts';
import type { OperationPorts } from '../operations/operation-ports.ts';
import type { PlanFacts } from '../operations/plan-rollback.ts';
import type { SurveyPorts } from '../operations/survey.ts';
import type { Target } from '../ports/target.ts';
import { buildChecks } from './build-checks.ts';
import { buildMessengers } from './build-messengers.ts';
import { buildCaches } from './build-caches.ts';
import { buildBaseline } from './build-metrics.ts';
import { buildServices } from './build-services.ts';
import { chooseEnvironment } from './choose-environment.ts';
import type { buildDeployments } from './build-deployments.ts';
import type { buildMigrations } from './build-migrations.ts';
import type { TargetOptions } from './build-targets.ts';
import { isThere, planFacts } from './plan-facts.ts';
import { connectParameters } from './parameter-store.ts';
import { prefetchSecrets } from './prefetch-secrets.ts';
import type { OpenStores } from './stores.ts';
import { tolerant } from './tolerant.ts';

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
  /** How the state is reached. Given by the entry point, for the same reason. */
  openStores: OpenStores;
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
  ports: OperationPorts & MaintenancePorts & SurveyPorts;
  /** The plan facts as one rule wants them: its flag groups and its breakers. */
  factsOf(rule: Rule): PlanFacts;
  /** Brings spooled entries into the journal, and says what is left. */
  drain(): Promise<DrainReport>;
}

/** An emergency goes on without secrets that do not come, in milliseconds. */
const HASTY_SECRETS = { call: 1_000, unanswered: 1_500, throttled: 3_000 };

/** Connects everything that `backout.yml` names. Connections that fail say so when they are used. */
export async function openService(options: OpenOptions): Promise<OpenService> {
  const { loaded } = options;
  const config = selectEnvironment(
    loaded.config,
    chooseEnvironment(loaded.config, options.environment),
  );
  const { environment, service } = config;
  requireAvailable(loaded.config, options.need, environment.name);
  const baseDirectory = dirname(resolve(options.file));
  const stateDirectory = stateFolder(config, baseDirectory, options.variables);
  const scope = { service, environment: environment.name };
  const clock = systemClock;
  const ids = randomIds;
  await using resources = new AsyncDisposableStack();
  const connect = { variables: options.variables, clock, ids, resources };
  const secrets = await prefetchSecrets(config, () =>
    connectParameters(config, connect, {
      patience: options.journalMode === 'spool-first' ? HASTY_SECRETS : SECRET_PATIENCE,
    }),
  );
  const variables = withStored(options.variables, secrets);

  const stores = await options.openStores({
    options: { ...options, variables },
    config,
    scope,
    clock,
    ids,
    stateDirectory,
    resources,
  });
  const { journal, flags, breakers } = stores;
  const facts = planFacts(config, loaded.hash, variables);
  const repository = gitRepository({
    directory: resolve(baseDirectory, config.repository.path),
    env: variables,
    tagPattern: config.repository.tag_pattern,
    scheme: config.repository.versioning,
    ...(config.repository.directory && { folder: config.repository.directory }),
  });
  const migrations = options.buildMigrations?.(config, { variables, baseDirectory, repository });
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
    proofs: stores.proofs,
    flags,
    editor: stores.editor,
    breakers,
    repository,
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
    messengers:
      stores.messengers ??
      buildMessengers(config, {
        clock,
        ids,
        variables,
        console: options.console,
        consoleSkips: options.consoleSkips,
      }),
    postmortems: filePostmortems(resolve(baseDirectory, config.postmortem.directory)),
    observe: options.observe,
    interrupted: options.interrupted,
    isSet: (reference: string) => isThere(reference, variables),
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
    drain: () => stores.drain(),
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}

/** Where this machine keeps what is kept in files: with state on AWS, entries that wait. */
function stateFolder(
  { environment: { state } }: SelectedConfig,
  baseDirectory: string,
  variables: EnvironmentVariables,
): string {
  switch (state.kind) {
    case 'embedded':
      return resolve(baseDirectory, state.directory);
    case 'aws':
      // Beside its code a function can write nothing.
      return variables['LAMBDA_TASK_ROOT'] === undefined
        ? resolve(baseDirectory, '.backout')
        : join(tmpdir(), 'backout');
    default:
      return state satisfies never;
  }
}

function messageFooter({ messages }: SelectedConfig): Pick<MessageFacts, 'runbook' | 'commander'> {
  const { runbook_url: runbook, commander } = messages;
  return {
    ...(runbook === undefined ? {} : { runbook }),
    ...(commander === undefined ? {} : { commander }),
  };
}
