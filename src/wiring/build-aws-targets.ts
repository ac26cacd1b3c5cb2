/** Targets on AWS. Only ever imported when one is used (lazy-target.ts). */

import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientSettings } from '../adapters/aws/clients.ts';
import { lambdaAliasTarget } from '../adapters/aws/lambda-alias.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { TargetConfig } from '../config/schema.ts';
import type { Target } from '../ports/target.ts';

/** The kinds that this file builds. */
export type AwsTargetConfig = Extract<TargetConfig, { kind: 'lambda-alias' }>;

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

export function buildAwsTarget(config: AwsTargetConfig, settings: AwsTargetSettings): Target {
  const { name, region, account, onOutput, fill } = settings;
  const { shift } = config;
  return lambdaAliasTarget({
    name,
    client: shared(lambdaClients, region, () => new LambdaClient(clientSettings({ region }))),
    functionName: fill(config.function_name),
    alias: fill(config.alias),
    account,
    shift: shift === undefined ? undefined : { share: shift.share, waitMs: shift.wait },
    clock: systemClock,
    onOutput,
  });
}

function shared<T>(all: Map<string, T>, region: string, make: () => T): T {
  const known = all.get(region);
  if (known !== undefined) return known;
  const made = make();
  all.set(region, made);
  return made;
}
