import { isAbsolute, join, resolve } from 'node:path';
import { commandTarget } from '../adapters/command/target.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { resolveReference } from '../config/secrets.ts';
import { inOrder, type SelectedConfig } from '../config/select.ts';
import type { TargetConfig } from '../config/schema.ts';
import { BackoutError } from '../model/error.ts';
import type { Target } from '../ports/target.ts';
import type { AwsTargetConfig } from './build-aws-targets.ts';
import { lazyTarget } from './lazy-target.ts';

export interface TargetOptions {
  variables: EnvironmentVariables;
  /** Folder of `backout.yml`: relative paths in it start here. */
  baseDirectory: string;
  stateDirectory: string;
  onOutput: (target: string, line: string) => void;
}

/** The targets of an environment in the order of rolling back. @throws BackoutError E_NOT_AVAILABLE */
export function buildTargets(config: SelectedConfig, options: TargetOptions): Target[] {
  return inOrder(config.targets).flatMap((name) => {
    const target = config.targets[name];
    return target === undefined ? [] : [buildTarget(config, name, target, options)];
  });
}

function buildTarget(
  config: SelectedConfig,
  name: string,
  target: TargetConfig,
  options: TargetOptions,
): Target {
  const { variables, baseDirectory, stateDirectory, onOutput } = options;
  switch (target.kind) {
    case 'command': {
      const named = Object.entries(target.env).map(
        ([key, reference]) => [key, resolveReference(reference, variables)] as const,
      );
      return commandTarget({
        name,
        commands: { preflight: target.preflight, deploy: target.deploy, current: target.current },
        places: { service: config.service, environment: config.environment.name, target: name },
        cwd: isAbsolute(target.cwd) ? target.cwd : resolve(baseDirectory, target.cwd),
        env: { PATH: variables['PATH'], HOME: variables['HOME'], ...Object.fromEntries(named) },
        secrets: named.map(([, value]) => value),
        stateDirectory: join(stateDirectory, 'fences', config.service, config.environment.name),
        timeoutMs: target.timeout,
        readTimeoutMs: target.read_timeout,
        onOutput: (line) => onOutput(name, line),
      });
    }
    case 'lambda-alias':
    case 'ecs':
    case 'ssm-command':
      return awsTarget(config, name, target, options);
    case 'workflow':
      throw new BackoutError({
        code: 'E_NOT_AVAILABLE',
        kind: 'refused',
        message: `The target ${name} is of kind ${target.kind}, which is not available yet.`,
        remedy: 'Use a target of kind command that calls your deploy program.',
      });
    default:
      return target satisfies never;
  }
}

/** Everything that can be wrong in the settings is said now, not at the first use. */
function awsTarget(
  { service, environment }: SelectedConfig,
  name: string,
  target: AwsTargetConfig,
  { variables, onOutput }: TargetOptions,
): Target {
  const region = regionOfTarget({ environment }, target, variables);
  if (region === undefined) {
    throw new BackoutError({
      code: 'E_REGION',
      kind: 'usage',
      message: `Nothing says in which AWS region the target ${name} is.`,
      remedy: `Add \`regions\` to the environment ${environment.name} in backout.yml, or \`region\` to the target.`,
    });
  }
  const settings = {
    name,
    service,
    environment: environment.name,
    region,
    account: environment.account,
    onOutput: (line: string) => onOutput(name, line),
    fill: (text: string) => fillTargetPlaces({ service, environment }, name, text),
  };
  const readMs = target.kind === 'ssm-command' ? { readMs: target.read_timeout } : {};
  return lazyTarget({ name, kind: target.kind, ...readMs }, async () => {
    const { buildAwsTarget } = await import('./build-aws-targets.ts');
    return buildAwsTarget(target, settings);
  });
}

/** Replaces `{service}`, `{environment}` and `{target}` in a name. */
export function fillTargetPlaces(
  { service, environment }: Pick<SelectedConfig, 'service' | 'environment'>,
  target: string,
  text: string,
): string {
  const places: Record<string, string> = { service, environment: environment.name, target };
  return text.replace(/\{([a-z]+)\}/g, (all, word: string) => places[word] ?? all);
}

/** Where a target on AWS is; undefined when nothing says so. */
export function regionOfTarget(
  { environment }: Pick<SelectedConfig, 'environment'>,
  target: AwsTargetConfig,
  variables: EnvironmentVariables,
): string | undefined {
  return (
    target.region ??
    regionOf(target) ??
    environment.regions?.[0] ??
    variables['AWS_REGION'] ??
    variables['AWS_DEFAULT_REGION']
  );
}

/** An ARN says it too: `arn:aws:lambda:REGION:…`. */
function regionOf(target: AwsTargetConfig): string | undefined {
  if (target.kind === 'ssm-command') return undefined;
  const name = target.kind === 'ecs' ? target.cluster : target.function_name;
  return name.startsWith('arn:') ? name.split(':')[3] : undefined;
}
