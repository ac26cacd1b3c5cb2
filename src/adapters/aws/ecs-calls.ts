/** The calls of ECS that we make, their answers parsed. */

import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  ListTaskDefinitionsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import * as z from 'zod';
import { callSignal } from './clients.ts';
import { type NamedRelease, readReleaseText } from './release-text.ts';

/** Tag of a task definition that names its release; see docs/targets.md. */
const RELEASE_TAG = 'backout:release';

const tagList = z
  .array(z.object({ key: z.string().default(''), value: z.string().default('') }))
  .nullish()
  .transform((tags) => tags ?? []);

const deployment = z.object({
  id: z.string(),
  /** PRIMARY is the newest, ACTIVE ones still have tasks, INACTIVE ones none. */
  status: z.string(),
  taskDefinition: z.string(),
  desiredCount: z.number().default(0),
  runningCount: z.number().default(0),
  pendingCount: z.number().default(0),
  failedTasks: z.number().nullish(),
  rolloutState: z.string().nullish(),
  rolloutStateReason: z.string().nullish(),
});
export type Deployment = z.infer<typeof deployment>;

const serviceAnswer = z.object({
  serviceArn: z.string(),
  status: z.string().default('ACTIVE'),
  taskDefinition: z.string(),
  desiredCount: z.number().default(0),
  runningCount: z.number().default(0),
  deployments: z.array(deployment).default([]),
  deploymentController: z.object({ type: z.string() }).nullish(),
  deploymentConfiguration: z
    .object({
      minimumHealthyPercent: z.number().nullish(),
      maximumPercent: z.number().nullish(),
      strategy: z.string().nullish(),
      bakeTimeInMinutes: z.number().nullish(),
    })
    .nullish(),
  events: z.array(z.object({ message: z.string().default('') })).nullish(),
  tags: tagList,
});
export type EcsService = z.infer<typeof serviceAnswer>;

const servicesAnswer = z.object({ services: z.array(serviceAnswer).default([]) });
const updateAnswer = z.object({ service: serviceAnswer });

const container = z.object({
  name: z.string().default(''),
  image: z.string().default(''),
  /** ECS takes it for true when it is left out. */
  essential: z.boolean().nullish(),
  /** `valueFrom`: name or ARN of a parameter, or ARN of a secret. */
  secrets: z.array(z.object({ valueFrom: z.string().default('') })).nullish(),
});
export type Container = z.infer<typeof container>;

const definitionAnswer = z.object({
  taskDefinition: z.object({
    taskDefinitionArn: z.string(),
    status: z.string().nullish(),
    containerDefinitions: z.array(container).default([]),
  }),
  tags: tagList,
});

export interface TaskDefinition {
  arn: string;
  release: NamedRelease | undefined;
  /** False when it was deregistered: it can be read, and not be deployed. */
  active: boolean;
  containers: Container[];
}

const listAnswer = z.object({
  taskDefinitionArns: z.array(z.string()).default([]),
  nextToken: z.string().nullish(),
});

export interface EcsPlace {
  client: ECSClient;
  cluster: string;
  service: string;
}

/** The service with its tags; undefined when there is none of that name. */
export async function describeService(
  { client, cluster, service }: EcsPlace,
  signal: AbortSignal,
): Promise<EcsService | undefined> {
  const command = new DescribeServicesCommand({ cluster, services: [service], include: ['TAGS'] });
  const answer = await client.send(command, { abortSignal: callSignal(signal) });
  const [found] = servicesAnswer.parse(answer).services;
  return found?.status === 'INACTIVE' ? undefined : found;
}

/** @param again deploy although it is this task definition already: its last rollout failed */
export async function updateService(
  { client, cluster, service }: EcsPlace,
  taskDefinition: string,
  again: boolean,
  signal: AbortSignal,
): Promise<EcsService> {
  const command = new UpdateServiceCommand({
    cluster,
    service,
    taskDefinition,
    ...(again ? { forceNewDeployment: true } : {}),
  });
  const answer = await client.send(command, { abortSignal: callSignal(signal) });
  return updateAnswer.parse(answer).service;
}

export async function describeTaskDefinition(
  { client }: EcsPlace,
  arn: string,
  signal: AbortSignal,
): Promise<TaskDefinition> {
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: arn, include: ['TAGS'] });
  const answer = await client.send(command, { abortSignal: callSignal(signal) });
  const { taskDefinition, tags } = definitionAnswer.parse(answer);
  return {
    arn: taskDefinition.taskDefinitionArn,
    release: readReleaseText(tags.find(({ key }) => key === RELEASE_TAG)?.value),
    active: (taskDefinition.status ?? 'ACTIVE') === 'ACTIVE',
    containers: taskDefinition.containerDefinitions,
  };
}

/** ARNs of the family's usable task definitions, page by page, the newest first. */
export async function* listTaskDefinitions(
  { client }: EcsPlace,
  familyPrefix: string,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  let token: string | undefined;
  do {
    const command = new ListTaskDefinitionsCommand({
      familyPrefix,
      status: 'ACTIVE',
      sort: 'DESC',
      ...(token === undefined ? {} : { nextToken: token }),
    });
    const answer = await client.send(command, { abortSignal: callSignal(signal) });
    const { taskDefinitionArns, nextToken } = listAnswer.parse(answer);
    yield taskDefinitionArns;
    token = nextToken ?? undefined;
  } while (token !== undefined);
}

export async function tagService(
  { client }: EcsPlace,
  resourceArn: string,
  key: string,
  value: string,
  signal: AbortSignal,
): Promise<void> {
  const command = new TagResourceCommand({ resourceArn, tags: [{ key, value }] });
  await client.send(command, { abortSignal: callSignal(signal) });
}

export async function untagService(
  { client }: EcsPlace,
  resourceArn: string,
  tagKeys: string[],
  signal: AbortSignal,
): Promise<void> {
  const command = new UntagResourceCommand({ resourceArn, tagKeys });
  await client.send(command, { abortSignal: callSignal(signal) });
}
