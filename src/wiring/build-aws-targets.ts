/** Targets on AWS. Only ever imported when one is used (lazy-target.ts). */

import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientSettings } from '../adapters/aws/clients.ts';
import { ecsTarget } from '../adapters/aws/ecs.ts';
import { lambdaAliasTarget } from '../adapters/aws/lambda-alias.ts';
import { ssmCommandTarget } from '../adapters/aws/ssm-command.ts';
import { randomIds } from '../adapters/random-ids.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { TargetConfig } from '../config/schema.ts';
import type { Target } from '../ports/target.ts';

/** The kinds that this file builds. */
export type AwsTargetConfig = Extract<
  TargetConfig,
  { kind: 'lambda-alias' | 'ecs' | 'ssm-command' }
>;

export interface AwsTargetSettings {
  name: string;
  service: string;
  environment: string;
  region: string;
  /** Account of the environment; left out: any. */
  account: string | undefined;
  onOutput: (line: string) => void;
  /** Replaces `{service}`, `{environment}` and `{target}`. */
  fill: (text: string) => string;
}

/** One client per service and region: its connections are shared by all targets. */
const lambdaClients = new Map<string, LambdaClient>();
const ecsClients = new Map<string, ECSClient>();
const ecrClients = new Map<string, ECRClient>();
const ssmClients = new Map<string, SSMClient>();
const ssmSenders = new Map<string, SSMClient>();

/** Between two looks at a running command: AWS allows few of these calls per second. */
const SSM_POLL_MS = 700;

export function buildAwsTarget(config: AwsTargetConfig, settings: AwsTargetSettings): Target {
  const { name, region, account, onOutput, fill } = settings;
  const common = { name, onOutput, clock: systemClock };
  switch (config.kind) {
    case 'lambda-alias': {
      const { shift } = config;
      return lambdaAliasTarget({
        ...common,
        account,
        client: shared(lambdaClients, region, () => new LambdaClient(clientSettings({ region }))),
        functionName: fill(config.function_name),
        alias: fill(config.alias),
        shift: shift === undefined ? undefined : { share: shift.share, waitMs: shift.wait },
      });
    }
    case 'ecs':
      return ecsTarget({
        ...common,
        account,
        client: shared(ecsClients, region, () => new ECSClient(clientSettings({ region }))),
        registryIn: (where) =>
          shared(ecrClients, where, () => new ECRClient(clientSettings({ region: where }))),
        parameters: shared(ssmClients, region, () => new SSMClient(clientSettings({ region }))),
        cluster: fill(config.cluster),
        service: fill(config.service),
        container: config.container === undefined ? undefined : fill(config.container),
        strategy: config.strategy,
        timeoutMs: config.timeout,
      });
    case 'ssm-command': {
      const { service, environment } = settings;
      const { preflight, deploy, current, instances, units } = config;
      const all = (argv: readonly string[]): string[] => argv.map(fill);
      return ssmCommandTarget({
        ...common,
        place: { service, environment, target: name },
        client: shared(ssmClients, region, () => new SSMClient(clientSettings({ region }))),
        sender: shared(
          ssmSenders,
          region,
          () => new SSMClient(clientSettings({ region, tries: 1 })),
        ),
        ids: randomIds,
        pollMs: SSM_POLL_MS,
        instances: Object.fromEntries(
          Object.entries(instances).map(([key, value]) => [key, fill(value)]),
        ),
        commands: {
          preflight: preflight === undefined ? undefined : all(preflight),
          deploy: all(deploy),
          current: all(current),
        },
        units: all(units),
        batch: config.batch,
        maxFailures: config.max_failures,
        timeoutMs: config.timeout,
        readTimeoutMs: config.read_timeout,
      });
    }
    default:
      return config satisfies never;
  }
}

function shared<T>(all: Map<string, T>, region: string, make: () => T): T {
  const known = all.get(region);
  if (known !== undefined) return known;
  const made = make();
  all.set(region, made);
  return made;
}
