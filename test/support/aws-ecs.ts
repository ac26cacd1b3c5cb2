/** What moto lacks of ECS, and a service to deploy to. */

import { randomBytes } from 'node:crypto';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeregisterTaskDefinitionCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  TagResourceCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { ECRClient } from '@aws-sdk/client-ecr';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientSettings } from '../../src/adapters/aws/clients.ts';
import { ecsTarget } from '../../src/adapters/aws/ecs.ts';
import type { EcsOptions } from '../../src/adapters/aws/ecs-options.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { ReleaseRef, Target } from '../../src/ports/target.ts';
import { digestImage, expireImage, pushImage } from './aws-ecr.ts';
import { TEST_CREDENTIALS, TEST_REGION } from './aws-lambda.ts';
import { type AwsProxy, type Behaviour, startAwsProxy } from './aws-proxy.ts';
import { awsUrl, loadServices } from './aws-server.ts';

interface Deployment {
  id: string;
  status: 'PRIMARY' | 'ACTIVE';
  taskDefinition: string;
  desiredCount: number;
  runningCount: number;
  pendingCount: number;
  failedTasks: number;
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  rolloutStateReason?: string;
}

/** How rollouts go; may be changed at any time. */
export interface RolloutPlan {
  /** Looks that a rollout takes; Infinity = it does not move. Default 2. */
  looks: number;
  /** The tasks of new deployments do not come up: ECS gives up, and goes back if told to. */
  breaks?: 'stay' | 'roll-back' | undefined;
  /** As DescribeServices shows them. */
  configuration: Record<string, unknown>;
  controller: string;
}

/** Deployments as ECS has them: with every look a rollout goes on, until it is steady. */
class Rollouts {
  readonly plan: RolloutPlan = {
    looks: 2,
    configuration: { minimumHealthyPercent: 100, maximumPercent: 200, strategy: 'ROLLING' },
    controller: 'ECS',
  };
  deployments: Deployment[] = [];
  /** Task definitions of the deployments that really began, in order. */
  readonly begun: string[] = [];
  private count = 0;

  readonly behaviour: Behaviour = async (call, next) => {
    const answered = await next();
    if (answered === 'drop' || answered.status >= 300) return answered;
    const body = answered.body as { services?: object[]; service?: object };
    if (call.operation === 'UpdateService' && body.service !== undefined) {
      this.start(String(call.input['taskDefinition']), call.input['forceNewDeployment'] === true);
      return { ...answered, body: { service: this.shown(body.service) } };
    }
    if (call.operation === 'DescribeServices' && body.services?.[0] !== undefined) {
      this.advance();
      return { ...answered, body: { services: [this.shown(body.services[0])], failures: [] } };
    }
    return answered;
  };

  /** A deployment that is over, as by the time the tests begin. */
  settle(taskDefinition: string, desiredCount: number): void {
    this.deployments = [this.make(taskDefinition, desiredCount)];
    Object.assign(this.deployments[0] ?? {}, { runningCount: desiredCount, pendingCount: 0 });
    Object.assign(this.deployments[0] ?? {}, { rolloutState: 'COMPLETED' });
  }

  private make(taskDefinition: string, desiredCount: number): Deployment {
    this.count += 1;
    return {
      id: `ecs-svc/${this.count}`,
      status: 'PRIMARY',
      taskDefinition,
      desiredCount,
      runningCount: 0,
      pendingCount: desiredCount,
      failedTasks: 0,
      rolloutState: 'IN_PROGRESS',
    };
  }

  start(taskDefinition: string, force: boolean): void {
    const primary = this.deployments.find(({ status }) => status === 'PRIMARY');
    if (primary === undefined) return;
    if (primary.taskDefinition === taskDefinition && !force) return;
    primary.status = 'ACTIVE';
    this.begun.push(taskDefinition);
    this.deployments = [this.make(taskDefinition, primary.desiredCount), ...this.deployments];
  }

  private advance(): void {
    const [primary, ...older] = this.deployments;
    if (primary === undefined || primary.rolloutState !== 'IN_PROGRESS') return;
    if (this.plan.breaks !== undefined) return this.giveUp(primary);
    if (this.plan.looks === Infinity) return;
    const step = Math.ceil(primary.desiredCount / this.plan.looks);
    primary.runningCount = Math.min(primary.desiredCount, primary.runningCount + step);
    primary.pendingCount = primary.desiredCount - primary.runningCount;
    for (const one of older) one.runningCount = Math.max(0, one.runningCount - step);
    if (primary.pendingCount > 0) return;
    if (older.some(({ runningCount }) => runningCount > 0)) return;
    primary.rolloutState = 'COMPLETED';
    this.deployments = [primary];
  }

  private giveUp(primary: Deployment): void {
    primary.failedTasks += 3;
    primary.rolloutState = 'FAILED';
    primary.rolloutStateReason = 'ECS deployment circuit breaker: tasks failed to start.';
    if (this.plan.breaks !== 'roll-back') return;
    const before = this.deployments.find(({ runningCount }) => runningCount > 0);
    this.plan.breaks = undefined;
    this.start(before?.taskDefinition ?? '', true);
    const [back] = this.deployments;
    if (back === undefined) return;
    back.rolloutStateReason = `ECS deployment circuit breaker: rolling back to deploymentId ${before?.id}.`;
  }

  private shown(service: object): object {
    const newest = this.deployments.find(({ status }) => status === 'PRIMARY');
    return {
      ...service,
      deployments: this.deployments,
      deploymentConfiguration: this.plan.configuration,
      deploymentController: { type: this.plan.controller },
      taskDefinition: newest?.taskDefinition,
      desiredCount: newest?.desiredCount,
      events: [
        { message: '(service shop) was unable to start tasks: essential container exited.' },
      ],
    };
  }
}

/** Newest first, and two to a page, so that whoever reads only one page is found out. */
const definitionPages: Behaviour = async ({ operation, input }, next) => {
  const answered = await next();
  if (operation !== 'ListTaskDefinitions' || answered === 'drop') return answered;
  const { taskDefinitionArns = [] } = answered.body as { taskDefinitionArns?: string[] };
  const all = input['sort'] === 'DESC' ? taskDefinitionArns.toReversed() : taskDefinitionArns;
  const from = Number(input['nextToken'] ?? 0);
  const more = from + 2 < all.length ? { nextToken: String(from + 2) } : {};
  return { ...answered, body: { taskDefinitionArns: all.slice(from, from + 2), ...more } };
};

export interface EcsFixture extends AsyncDisposable {
  proxy: AwsProxy;
  rollouts: Rollouts;
  target: Target;
  lines: string[];
  service: string;
  another(more?: Partial<EcsOptions>): Target;
  /** @returns the ARN of the new task definition */
  publish(release: ReleaseRef): Promise<string>;
  /** Registers a task definition; its image is pushed, the images of `containers` are not. */
  register(options: { text?: string; image?: string; containers?: object[] }): Promise<string>;
  push(image: string): Promise<void>;
  /** Takes an image out of the registry. */
  expire(image: string): Promise<void>;
  /** Regions in which a registry was asked. */
  registries: string[];
  deregister(arn: string): Promise<void>;
  deployedBySomebodyElse(arn: string): Promise<void>;
  tag(key: string, value: string): Promise<void>;
  tags(): Promise<Record<string, string>>;
  /** Tags of the releases that deployments were started for. */
  changes(): string[];
}

export const DIGEST = digestImage('0f');

/** A service of four tasks whose task definition is no release. */
export async function ecsFixture(more: Partial<EcsOptions> = {}): Promise<EcsFixture> {
  await loadServices('ecs', 'ecr', 'ssm');
  const rollouts = new Rollouts();
  const proxy = await startAwsProxy({
    upstream: awsUrl(),
    behaviours: [rollouts.behaviour, definitionPages],
  });
  const service = `shop-${randomBytes(4).toString('hex')}`;
  const place = { region: TEST_REGION, credentials: TEST_CREDENTIALS };
  const direct = new ECSClient(clientSettings({ ...place, endpoint: awsUrl() }));
  const client = new ECSClient(clientSettings({ ...place, endpoint: proxy.url }));
  const parameters = new SSMClient(clientSettings({ ...place, endpoint: proxy.url }));
  const registry = new ECRClient(clientSettings({ ...place, endpoint: proxy.url }));
  const images = new ECRClient(clientSettings({ ...place, endpoint: awsUrl() }));
  const registries: string[] = [];
  const released = new Map<string, string>();
  const lines: string[] = [];

  async function register(options: { text?: string; image?: string; containers?: object[] }) {
    const tags = [{ key: 'backout:release', value: options.text ?? '' }];
    await pushImage(images, options.image ?? DIGEST);
    const { taskDefinition } = await direct.send(
      new RegisterTaskDefinitionCommand({
        family: service,
        containerDefinitions: options.containers ?? [
          { name: 'api', image: options.image ?? DIGEST, memory: 64, essential: true },
        ],
        ...(options.text === undefined ? {} : { tags }),
      }),
    );
    return taskDefinition?.taskDefinitionArn ?? '';
  }
  const another = (others: Partial<EcsOptions> = {}): Target =>
    ecsTarget({
      name: 'api',
      client,
      registryIn(region) {
        registries.push(region);
        return registry;
      },
      parameters,
      cluster: service,
      service,
      strategy: 'rolling',
      timeoutMs: 240_000,
      clock: systemClock,
      pollMs: 5,
      onOutput: (line) => lines.push(line),
      ...more,
      ...others,
    });

  await direct.send(new CreateClusterCommand({ clusterName: service }));
  const first = await register({});
  const created = await direct.send(
    new CreateServiceCommand({
      cluster: service,
      serviceName: service,
      taskDefinition: first,
      desiredCount: 4,
    }),
  );
  const resourceArn = created.service?.serviceArn ?? '';
  rollouts.settle(first, 4);
  return {
    proxy,
    rollouts,
    target: another(),
    lines,
    service,
    another,
    register,
    push: (image) => pushImage(images, image),
    expire: (image) => expireImage(images, image),
    registries,
    async publish({ tag, commit }) {
      const arn = await register({ text: `${tag} ${commit}` });
      released.set(arn, tag);
      return arn;
    },
    async deregister(taskDefinition) {
      await direct.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
    },
    async deployedBySomebodyElse(taskDefinition) {
      await direct.send(new UpdateServiceCommand({ cluster: service, service, taskDefinition }));
      rollouts.start(taskDefinition, false);
    },
    async tag(key, value) {
      await direct.send(new TagResourceCommand({ resourceArn, tags: [{ key, value }] }));
    },
    async tags() {
      const found = await direct.send(
        new DescribeServicesCommand({ cluster: service, services: [service], include: ['TAGS'] }),
      );
      const all = found.services?.[0]?.tags ?? [];
      return Object.fromEntries(all.map(({ key, value }) => [key ?? '', value ?? '']));
    },
    changes: () =>
      proxy
        .inputs('UpdateService')
        .map(({ taskDefinition }) => released.get(String(taskDefinition)) ?? 'unknown'),
    async [Symbol.asyncDispose]() {
      for (const one of [client, direct, parameters, registry, images]) one.destroy();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
