import { beforeEach } from 'vitest';
import { ecsFixture } from '../support/aws-ecs.ts';
import { lambdaFixture, surroundings, TEST_REGION } from '../support/aws-lambda.ts';
import { type AwsProxy, before, holdAfter, refuse, throttle } from '../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../support/aws-server.ts';
import { until } from '../support/until.ts';
import {
  BAD,
  FAILED,
  GOOD,
  guard,
  NEVER_LET_IN,
  OVERTAKEN,
  SOMEBODY,
  targetTroubleContract,
  THEIRS,
  UNCERTAIN,
} from './target-trouble.contract.ts';

beforeEach(requireAws, AWS_SETUP_MS);

/** Moves all traffic at once, or a tenth of it first where the trouble comes between the two steps. */
async function alias(trouble: string) {
  const isInSteps = ['a partial failure', 'a kill in the middle'].includes(trouble);
  const shift = isInSteps ? { share: 0.1, waitMs: 20 } : undefined;
  const at = await lambdaFixture({ shift });
  const versions = new Map<string, string>();
  for (const release of [GOOD, BAD, THEIRS]) versions.set(await at.publish(release), release.tag);
  const numberOf = (tag: string): string =>
    [...versions].find(([, name]) => name === tag)?.[0] ?? '';
  await at.deployedBySomebodyElse(numberOf(BAD.tag));
  const earlier = at.proxy.carriedOut('UpdateAlias').length;
  at.proxy.calls.length = 0;
  return {
    ...at,
    deployTheirs: () => at.deployedBySomebodyElse(numberOf(THEIRS.tag)),
    /** `10 % v1.1.0` for a share, `v1.1.0` for all of the traffic. */
    effects: () =>
      at.proxy
        .carriedOut('UpdateAlias')
        .slice(earlier)
        .map((input) => {
          const { FunctionVersion, RoutingConfig } = input as {
            FunctionVersion: string;
            RoutingConfig: { AdditionalVersionWeights: Record<string, number> };
          };
          const [share] = Object.entries(RoutingConfig.AdditionalVersionWeights);
          if (share === undefined) return versions.get(FunctionVersion) ?? '';
          return `${share[1] * 100} % ${versions.get(share[0])}`;
        }),
    settings: {
      target: {
        kind: 'lambda-alias',
        function_name: at.functionName,
        region: TEST_REGION,
        ...(shift === undefined ? {} : { shift: { share: '10%', wait: '60s' } }),
      },
      stateDirectory: '/nowhere',
      variables: surroundings(at.proxy.url),
    },
  };
}

const tenth = `10 % ${GOOD.tag}`;

targetTroubleContract('lambda-alias', alias, {
  'a newer rollback that takes over in the middle': {
    begin: (at) => at.proxy.use(before('UpdateAlias', () => at.another().apply(THEIRS, guard(9)))),
    ...OVERTAKEN,
  },
  'a deployment by somebody else in the middle': {
    begin: (at) => at.proxy.use(before('UpdateAlias', at.deployTheirs)),
    ends: SOMEBODY,
    live: THEIRS,
    effects: [THEIRS.tag],
    // Whoever starts again does so knowing it.
    resumed: [THEIRS.tag, GOOD.tag],
  },
  'throttling that ends': {
    begin: (at) => at.proxy.use(throttle('UpdateAlias', 2)),
    live: GOOD,
    effects: [GOOD.tag],
    tries: { of: triesOf('UpdateAlias'), are: 3 },
    resumed: [GOOD.tag],
  },
  'throttling without end': {
    begin: (at) => at.proxy.use(throttle('UpdateAlias', 99)),
    ...NEVER_LET_IN,
    tries: { of: triesOf('UpdateAlias'), are: 3 },
  },
  // The second of the two steps is refused: the first tenth of the traffic stays where it went.
  'a partial failure': {
    begin: (at) =>
      at.proxy.use((call, next, gone) =>
        at.effects().length === 0
          ? next()
          : refuse('UpdateAlias', 403, 'AccessDeniedException')(call, next, gone),
      ),
    ends: FAILED,
    live: BAD,
    effects: [tenth],
    end: (at) => at.proxy.calm(),
    resumed: [tenth, GOOD.tag],
  },
  'a timeout after the change was made': {
    begin: (at) => at.proxy.use(holdAfter('UpdateAlias')),
    cutAt: (at) => until('it is changed', () => at.effects().length === 1),
    ends: UNCERTAIN,
    live: GOOD,
    effects: [GOOD.tag],
    end: (at) => at.proxy.calm(),
    resumed: [GOOD.tag],
  },
  'a kill in the middle': {
    cutAt: (at) => until('a tenth has gone over', () => at.effects().length === 1),
    live: BAD,
    effects: [tenth],
    resumed: [tenth, GOOD.tag],
  },
});

function triesOf(operation: string) {
  return ({ proxy }: { proxy: AwsProxy }): number => proxy.inputs(operation).length;
}

/** A service of four tasks, with a rollout that goes on at every look. */
async function service() {
  const at = await ecsFixture();
  const names = new Map<string, string>();
  for (const release of [GOOD, BAD, THEIRS]) names.set(await at.publish(release), release.tag);
  const arnOf = (tag: string): string => [...names].find(([, name]) => name === tag)?.[0] ?? '';
  await at.deployedBySomebodyElse(arnOf(BAD.tag));
  at.rollouts.settle(arnOf(BAD.tag), 4);
  const earlier = at.rollouts.begun.length;
  return {
    ...at,
    deployTheirs: () => at.deployedBySomebodyElse(arnOf(THEIRS.tag)),
    effects: () => at.rollouts.begun.slice(earlier).map((arn) => names.get(arn) ?? ''),
    underWay: () => until('the rollout is under way', () => at.rollouts.deployments.length === 2),
    /** How long rollouts take from now on. */
    endless(on: boolean) {
      at.rollouts.plan.looks = on ? Infinity : 2;
    },
    settings: {
      target: { kind: 'ecs', cluster: at.service, service: at.service, region: TEST_REGION },
      stateDirectory: '/nowhere',
      variables: surroundings(at.proxy.url),
    },
  };
}

/** Old tasks that are well are stopped by ECS when new ones serve, never by us and never first. */
const ONLY_THE_TASK_DEFINITION = {
  of: ({ proxy }: { proxy: AwsProxy }) => ({
    calls: [...new Set(proxy.calls.map(({ operation }) => operation))].toSorted(),
    settings: [...new Set(proxy.inputs('UpdateService').flatMap(Object.keys))].toSorted(),
  }),
  is: {
    calls: [
      'DescribeServices',
      'DescribeTaskDefinition',
      'ListTaskDefinitions',
      'TagResource',
      'UpdateService',
    ],
    settings: ['cluster', 'service', 'taskDefinition'],
  },
};

targetTroubleContract('ecs', service, {
  'a newer rollback that takes over in the middle': {
    begin: (at) => at.proxy.use(before('TagResource', () => at.another().apply(THEIRS, guard(9)))),
    ...OVERTAKEN,
  },
  'a deployment by somebody else in the middle': {
    begin: (at) => at.endless(true),
    async meanwhile(at) {
      await at.underWay();
      await at.deployTheirs();
    },
    ends: SOMEBODY,
    live: THEIRS,
    effects: [GOOD.tag, THEIRS.tag],
    end: (at) => at.endless(false),
    resumed: [GOOD.tag, THEIRS.tag, GOOD.tag],
  },
  'throttling that ends': {
    begin: (at) => at.proxy.use(throttle('UpdateService', 2)),
    live: GOOD,
    effects: [GOOD.tag],
    tries: { of: triesOf('UpdateService'), are: 3 },
    resumed: [GOOD.tag],
    saw: ONLY_THE_TASK_DEFINITION,
  },
  'throttling without end': {
    begin: (at) => at.proxy.use(throttle('UpdateService', 99)),
    ...NEVER_LET_IN,
    tries: { of: triesOf('UpdateService'), are: 3 },
  },
  // The new tasks do not come up, and the circuit breaker of ECS gives up.
  'a partial failure': {
    begin(at) {
      at.rollouts.plan.breaks = 'stay';
    },
    ends: FAILED,
    live: BAD,
    effects: [GOOD.tag],
    end(at) {
      at.rollouts.plan.breaks = undefined;
    },
    resumed: [GOOD.tag, GOOD.tag],
    // The same task definition again is no deployment, unless ECS is told so; nothing else is changed.
    saw: {
      of: ({ proxy }) => Object.keys(proxy.inputs('UpdateService').at(-1) ?? {}).toSorted(),
      is: ['cluster', 'forceNewDeployment', 'service', 'taskDefinition'],
    },
  },
  'a timeout after the change was made': {
    begin(at) {
      at.endless(true);
      at.proxy.use(holdAfter('UpdateService'));
    },
    cutAt: (at) => at.underWay(),
    ends: UNCERTAIN,
    live: BAD,
    effects: [GOOD.tag],
    end(at) {
      at.proxy.calm();
      at.endless(false);
    },
    resumed: [GOOD.tag],
    saw: ONLY_THE_TASK_DEFINITION,
  },
  'a kill in the middle': {
    begin: (at) => at.endless(true),
    cutAt: (at) => at.underWay(),
    live: BAD,
    effects: [GOOD.tag],
    end: (at) => at.endless(false),
    resumed: [GOOD.tag],
    saw: ONLY_THE_TASK_DEFINITION,
  },
});
