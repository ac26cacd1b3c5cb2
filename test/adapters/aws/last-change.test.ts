/** What the platforms themselves know of who brought a release back. */

import { beforeEach, expect, test } from 'vitest';
import { ecsFixture } from '../../support/aws-ecs.ts';
import { lambdaFixture } from '../../support/aws-lambda.ts';
import type { AwsCall, Behaviour } from '../../support/aws-proxy.ts';
import { AWS_SETUP_MS, requireAws } from '../../support/aws-server.ts';

beforeEach(requireAws, AWS_SETUP_MS);

const GOOD = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
const BAD = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };
const { signal } = new AbortController();
const guard = { fence: 7, incident: 'incident1', signal };

/** Adds to what the server answers. */
const adding =
  (operation: string, change: (body: object) => object): Behaviour =>
  async (call, next) => {
    const answered = await next();
    if (call.operation !== operation || answered === 'drop') return answered;
    return { ...answered, body: change(answered.body as object) };
  };

const operationsOf = (calls: readonly AwsCall[]): string[] => [
  ...new Set(calls.map(({ operation }) => operation)),
];

test('Of an ECS service: when its newest deployment was made, and who registered what it runs.', async () => {
  await using at = await ecsFixture();
  const bad = await at.publish(BAD);
  await at.deployedBySomebodyElse(bad);
  at.proxy.use(
    adding('DescribeServices', (body) => {
      const [service] = (body as { services: { deployments: object[] }[] }).services;
      const deployments = service?.deployments.map((one) => ({ ...one, createdAt: 1_763_000_000 }));
      return { ...body, services: [{ ...service, deployments }] };
    }),
  );
  at.proxy.use(
    adding('DescribeTaskDefinition', (body) => ({
      ...body,
      taskDefinition: {
        ...(body as { taskDefinition: object }).taskDefinition,
        registeredBy: 'arn:aws:sts::123456789012:assumed-role/ci/deploy',
      },
    })),
  );
  at.proxy.calls.length = 0;
  const name = bad.split('/').at(-1);
  expect(await at.target.lastChange?.(signal)).toEqual({
    at: '2025-11-13T02:13:20.000Z',
    how: `deployment ecs-svc/2 of task definition ${name}, which arn:aws:sts::123456789012:assumed-role/ci/deploy registered`,
  });
  expect(at.proxy.inputs('DescribeServices')).toEqual([
    { cluster: at.service, services: [at.service] },
  ]);
  expect(operationsOf(at.proxy.calls)).toEqual(['DescribeServices', 'DescribeTaskDefinition']);
});

test('Of an ECS service whose task definition cannot be read, the deployment all the same.', async () => {
  await using at = await ecsFixture();
  at.proxy.use(async (call, next) =>
    call.operation === 'DescribeTaskDefinition'
      ? { status: 400, error: 'AccessDeniedException', body: { message: 'no' } }
      : await next(),
  );
  const change = await at.target.lastChange?.(signal);
  expect(change?.how).toMatch(/^deployment ecs-svc\/1 of task definition \S+$/);
});

test('Of a Lambda alias: the version, when that was published, and whether our mark is still there.', async () => {
  await using at = await lambdaFixture();
  await at.publish(GOOD);
  const bad = await at.publish(BAD);
  await at.target.apply(GOOD, guard);
  await at.deployedBySomebodyElse(bad);
  at.proxy.calls.length = 0;
  const change = await at.target.lastChange?.(signal);
  expect(change?.how).toMatch(
    new RegExp(`^alias \\S+ leads to version ${bad}, published \\d{4}-\\S+; its description `),
  );
  const hasMark = (await at.alias()).description.includes('[backout fence=7]');
  expect(change?.how).toMatch(
    hasMark ? /still has the mark of Backout's lease number 7$/ : /has no mark of Backout$/,
  );
  expect(change?.by).toBeUndefined();
  expect(operationsOf(at.proxy.calls)).toEqual(['GetAlias', 'GetFunctionConfiguration']);
});
