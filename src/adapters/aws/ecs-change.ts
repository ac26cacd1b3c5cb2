/** What ECS itself knows of the last change of a service; reads only. */

import { DescribeServicesCommand, DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import * as z from 'zod';
import type { TargetChange } from '../../ports/target.ts';
import { callSignal } from './clients.ts';
import type { EcsPlace } from './ecs-calls.ts';

const servicesAnswer = z.object({
  services: z
    .array(
      z.object({
        deployments: z
          .array(
            z.object({
              id: z.string(),
              status: z.string(),
              taskDefinition: z.string(),
              createdAt: z.date().nullish(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

const definitionAnswer = z.object({
  taskDefinition: z.object({ registeredBy: z.string().nullish() }),
});

/**
 * When the newest deployment of a service was made. ECS does not keep who made it; it keeps who
 * registered the task definition, which is often the same pipeline and must not be taken for it.
 * @throws what the SDK throws
 */
export async function lastEcsChange(
  { client, cluster, service }: EcsPlace,
  signal: AbortSignal,
): Promise<TargetChange | undefined> {
  const options = { abortSignal: callSignal(signal) };
  const asked = new DescribeServicesCommand({ cluster, services: [service] });
  const { services } = servicesAnswer.parse(await client.send(asked, options));
  const newest = services[0]?.deployments.find(({ status }) => status === 'PRIMARY');
  if (newest === undefined) return undefined;
  const { id, taskDefinition, createdAt } = newest;
  const described = new DescribeTaskDefinitionCommand({ taskDefinition });
  // Who registered it is worth a word, and no reason to lose the rest.
  const registeredBy = await client.send(described, options).then(
    (answer) => definitionAnswer.safeParse(answer).data?.taskDefinition.registeredBy ?? undefined,
    () => undefined,
  );
  const shown = taskDefinition.split('/').at(-1) ?? taskDefinition;
  const by = registeredBy === undefined ? '' : `, which ${registeredBy} registered`;
  return {
    how: `deployment ${id} of task definition ${shown}${by}`,
    ...(createdAt ? { at: createdAt.toISOString() } : {}),
  };
}
