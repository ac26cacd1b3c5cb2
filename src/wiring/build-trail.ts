/** Changes on AWS. Only ever imported when somebody asks for them (build-history.ts). */

import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { clientSettings } from '../adapters/aws/clients.ts';
import {
  changesInTrail,
  isSameResource,
  MOVES_ALIAS,
  type TrailedTarget,
} from '../adapters/aws/cloudtrail.ts';
import type { TargetConfig } from '../config/schema.ts';
import type { ChangeQuestion } from '../ports/changes.ts';
import type { TargetChange } from '../ports/target.ts';

const clients = new Map<string, CloudTrailClient>();

interface Where {
  region: string;
  /** Replaces `{service}`, `{environment}` and `{target}`. */
  fill: (text: string) => string;
}

/** @throws what the SDK throws */
export async function lookInTrail(
  config: Extract<TargetConfig, { kind: 'ecs' | 'lambda-alias' }>,
  { region, fill }: Where,
  question: ChangeQuestion,
  signal: AbortSignal,
): Promise<TargetChange[]> {
  const known = clients.get(region);
  const client = known ?? new CloudTrailClient(clientSettings({ region }));
  clients.set(region, client);
  return await changesInTrail({ client, ...changeOf(config, fill) }, question, signal);
}

function changeOf(
  config: Parameters<typeof lookInTrail>[0],
  fill: Where['fill'],
): Pick<TrailedTarget, 'event' | 'isIt'> {
  switch (config.kind) {
    case 'lambda-alias':
      return {
        event: MOVES_ALIAS,
        isIt: ({ functionName, name }) =>
          isSameResource(functionName, fill(config.function_name)) && name === fill(config.alias),
      };
    case 'ecs':
      return {
        event: 'UpdateService',
        isIt: ({ service, cluster }) =>
          isSameResource(service, fill(config.service)) &&
          isSameResource(cluster ?? 'default', fill(config.cluster)),
      };
    default:
      return config satisfies never;
  }
}
