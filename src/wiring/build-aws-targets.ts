/** Targets on AWS. Only ever imported when one is used (lazy-target.ts). */

import { ECSClient } from '@aws-sdk/client-ecs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientSettings } from '../adapters/aws/clients.ts';
import { ecsTarget } from '../adapters/aws/ecs.ts';
import { lambdaAliasTarget } from '../adapters/aws/lambda-alias.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { TargetConfig } from '../config/schema.ts';
import type { Target } from '../ports/target.ts';

/** The kinds that this file builds. */
export type AwsTargetConfig = Extract<TargetConfig, { kind: 'lambda-alias' | 'ecs' }>;

export interface AwsTargetSettings {
  name: string;
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

export function buildAwsTarget(config: AwsTargetConfig, settings: AwsTargetSettings): Target {
  const { name, region, account, onOutput, fill } = settings;
  const common = { name, account, onOutput, clock: systemClock };
  switch (config.kind) {
    case 'lambda-alias': {
      const { shift } = config;
      return lambdaAliasTarget({
        ...common,
        client: shared(lambdaClients, region, () => new LambdaClient(clientSettings({ region }))),
        functionName: fill(config.function_name),
        alias: fill(config.alias),
        shift: shift === undefined ? undefined : { share: shift.share, waitMs: shift.wait },
      });
    }
    case 'ecs':
      return ecsTarget({
        ...common,
        client: shared(ecsClients, region, () => new ECSClient(clientSettings({ region }))),
        cluster: fill(config.cluster),
        service: fill(config.service),
        container: config.container === undefined ? undefined : fill(config.container),
        strategy: config.strategy,
        timeoutMs: config.timeout,
      });
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
