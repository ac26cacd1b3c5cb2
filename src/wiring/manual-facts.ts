/** What `backout.yml` says that a plan to be carried out by hand needs, in the words of operations. */

import { isAbsolute, join, resolve } from 'node:path';
import { highestFence } from '../adapters/command/fence.ts';
import { scopeDirectory } from '../adapters/file/read-flag-files.ts';
import { redisKeys } from '../adapters/redis/keys.ts';
import { BY_HAND_SCRIPT } from '../adapters/redis/scripts.ts';
import type { CheckConfig } from '../config/schema.ts';
import type { SelectedConfig } from '../config/select.ts';
import { inStages } from '../model/target-order.ts';
import { formatDuration, isReference } from '../config/values.ts';
import { describeCause } from '../model/error.ts';
import type {
  ManualCheck,
  ManualFacts,
  ManualFastPath,
  ManualTarget,
  ManualValue,
} from '../operations/manual/facts.ts';
import type { Scope } from '../model/scope.ts';
import { parameterPaths } from '../config/resource-names.ts';
import type { Ids } from '../ports/ids.ts';
import type { OpenService } from './open-service.ts';

type FromConfig = Pick<
  ManualFacts,
  | 'service'
  | 'environment'
  | 'flagsFolder'
  | 'parameters'
  | 'groupsWithSafeValues'
  | 'fastPath'
  | 'targets'
  | 'checks'
  | 'stages'
  | 'bake'
  | 'budgetMs'
  | 'footer'
  | 'channels'
  | 'contacts'
>;

/**
 * Reads the configuration and, for each target, the highest lease number that came by here. Names
 * variables, never their values.
 * @returns also what could not be read, as sentences
 */
export async function manualFacts(
  { config, ports, folders }: OpenService,
  level: ManualFacts['level'],
): Promise<FromConfig & { unread: string[] }> {
  const { facts, scope, settings, ids } = ports;
  const unread: string[] = [];
  const targets = level === 'application' ? await targetsOf(config, folders, unread) : [];
  if (targets.length > ports.targets.length) {
    unread.push('What is live: variables that the targets need are not set here.');
  }
  const fastPath = fastPathOf(config, scope, ids);
  return {
    ...scope,
    flagsFolder: scopeDirectory(join(folders.state, 'flags'), scope),
    ...parametersOf(config, scope),
    groupsWithSafeValues: facts.groupsWithSafeValues,
    ...(fastPath === undefined ? {} : { fastPath }),
    targets,
    checks: Object.entries(config.checks).map(([name, check]) => checkOf(name, check, ids)),
    stages: facts.stages,
    bake: facts.bake,
    budgetMs: facts.budgetsMs[level],
    footer: settings.messageFooter,
    channels: channelsOf(config),
    contacts: contactsOf(config),
    unread,
  };
}

function parametersOf(
  { environment }: SelectedConfig,
  scope: Scope,
): Pick<ManualFacts, 'parameters'> {
  const { state, regions } = environment;
  if (state.kind !== 'aws') return {};
  const { overrides, safe } = parameterPaths(state.parameter_prefix, scope);
  return { parameters: { overrides, safe, region: regions?.[0] } };
}

/** References of other kinds are refused before anybody comes here (config/unbuilt.ts). */
const variableOf = (reference: string): string => reference.replace(/^env:/, '');

function fastPathOf(
  config: SelectedConfig,
  scope: { service: string; environment: string },
  ids: Ids,
): ManualFastPath | undefined {
  const { redis } = config.environment;
  if (redis === undefined) return undefined;
  return {
    variable: variableOf(redis.url),
    keys: redisKeys(scope),
    script: BY_HAND_SCRIPT.trim(),
    generation: ids.next(),
    providers: Object.keys(config.breakers.providers),
  };
}

async function targetsOf(
  { service, environment, targets, releases }: SelectedConfig,
  folders: OpenService['folders'],
  unread: string[],
): Promise<ManualTarget[]> {
  const fences = join(folders.state, 'fences', service, environment.name);
  const stages = inStages(targets, releases.parallel_targets);
  const found = stages.flat().map(async (name): Promise<ManualTarget[]> => {
    const target = targets[name];
    // Other kinds are refused before: there is no command to print for them.
    if (target?.kind !== 'command') return [];
    const fence = await highestFence(fences, name).catch((error: unknown) => {
      unread.push(`The highest lease number of ${name}: ${describeCause(error)}`);
      return 0;
    });
    const { preflight, deploy, current, cwd, env } = target;
    return [
      {
        name,
        commands: { preflight, deploy, current },
        cwd: isAbsolute(cwd) ? cwd : resolve(folders.base, cwd),
        env: Object.fromEntries(
          Object.entries(env).map(([key, reference]) => [key, variableOf(reference)]),
        ),
        fence,
        besides: stages.find((stage) => stage.includes(name))?.filter((one) => one !== name) ?? [],
      },
    ];
  });
  return (await Promise.all(found)).flat();
}

function checkOf(name: string, check: CheckConfig, ids: Ids): ManualCheck {
  switch (check.kind) {
    case 'http': {
      const { url, method, headers, body, timeout: timeoutMs, under_safe_state: safe } = check;
      const isJson = body !== undefined && typeof body !== 'string';
      const type = isJson ? { 'content-type': { text: 'application/json' } } : {};
      return {
        kind: 'http',
        name,
        url,
        method,
        headers: { ...type, ...mapValues(headers, valueOf) },
        body: body === undefined ? undefined : bodyOf(body, ids),
        timeoutMs,
        expect: safe === 'skip' ? undefined : (safe?.expect ?? check.expect),
      };
    }
    case 'journey':
      return {
        kind: 'words',
        name,
        tries:
          check.under_safe_state === 'skip'
            ? ['not tried while the safe state is on.']
            : check.steps
                .filter((step) => step.under_safe_state !== 'skip')
                .map((step) => `try: ${step.name} (${step.method} ${step.url})`),
      };
    case 'sql':
      return words(name, `on the database ${check.database}, reading only: ${check.query}`);
    case 'metric':
      return words(name, `look at ${check.signal}: ${describe(check.expect)}`);
    case 'command':
      return words(name, `run, in ${check.cwd}: ${check.run.join(' ')}`);
    case 'flags-safe':
      return words(name, 'the flags have their safe values, as looked at above.');
    case 'breakers':
      return words(name, 'the circuit breakers are open, as looked at above.');
    default:
      return check satisfies never;
  }
}

function words(name: string, text: string): ManualCheck {
  return { kind: 'words', name, tries: [text] };
}

function describe(threshold: object): string {
  return Object.entries(threshold)
    .filter(([, value]) => value !== undefined)
    .map(([bound, value]) => `${bound} ${String(value)}`)
    .join(', ');
}

function valueOf(text: string): ManualValue {
  return isReference(text) ? { variable: variableOf(text) } : { text };
}

function bodyOf(body: unknown, ids: Ids): ManualValue {
  const value = typeof body === 'string' ? valueOf(body) : { text: JSON.stringify(body) };
  return 'text' in value ? { text: value.text.replaceAll('{unique}', ids.next()) } : value;
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** `incidents: slack #incidents`: where messages would go. */
function channelsOf({ messages }: SelectedConfig): string[] {
  return Object.entries(messages.channels)
    .filter(([, { kind }]) => kind !== 'console')
    .map(([name, channel]) => {
      const place =
        channel.kind === 'slack'
          ? ` ${channel.channel}`
          : channel.kind === 'statuspage'
            ? ` ${channel.page_id}`
            : '';
      return `${name}: ${channel.kind}${place}`;
    });
}

function contactsOf({ escalation }: SelectedConfig): string[] {
  return Object.entries(escalation)
    .toSorted(([, a], [, b]) => a.after - b.after)
    .map(([name, { after, description, mention, when }]) => {
      const whom = [description, mention].filter((part) => part !== undefined).join(' ');
      const time = after === 0 ? 'at once' : `after ${formatDuration(after)}`;
      const only = when === 'always' ? '' : ', if customers are affected';
      return `${name}, ${time}${only}${whom === '' ? '' : `: ${whom}`}`;
    });
}
