/**
 * What is deployed. The roles are judged by an engine that others wrote: what each function must be
 * able to do is allowed, and everything else that could do harm is denied.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { layOutFunctions } from '../../infra/assets.ts';
import { BUILT, type BuiltFunction } from '../../infra/permissions.ts';
import { ruleAlarms } from '../../infra/rule-alarms.ts';
import { BackoutStack } from '../../infra/stack.ts';
import { parseConfig } from '../../src/config/load.ts';
import { selectEnvironment } from '../../src/config/select.ts';
import { failureOf } from '../support/failure.ts';

const ACCOUNT = '123456789012';
const REGION = 'eu-west-1';
const CONFIG = `
service: shop
environments:
  production:
    account: '${ACCOUNT}'
    regions: [${REGION}]
    state: { kind: aws }
    journal: { url: 'ssm:/backout/{service}/{environment}/secrets/journal' }
    redis: { url: 'ssm:/backout/{service}/{environment}/secrets/redis' }
metrics:
  kind: cloudwatch
  signals:
    error_rate:
      unit: percent
      metrics:
        failed: { namespace: Shop, name: Failed }
        all: { namespace: Shop, name: Requests }
      expression: 100 * failed / all
    latency_p95: { unit: seconds, metrics: { p95: { namespace: Shop, name: Time, statistic: p95 } } }
rules: { slow: { missing: act } }
`;
const config = selectEnvironment(parseConfig(CONFIG, { file: 'backout.yml' }).config, 'production');

interface Named {
  FunctionName: string;
}

const roleSchema = z.object({
  PolicyDocument: z.object({ Statement: z.array(z.record(z.string(), z.unknown())) }),
  Roles: z.array(z.object({ Ref: z.string() })),
});

let folder: string;
let template: Template;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backout-infra-'));
  const bundles = join(folder, 'bundles');
  await mkdir(bundles);
  for (const name of BUILT) await writeFile(join(bundles, `${name}.mjs`), 'export {};');
  await writeFile(join(folder, 'backout.yml'), CONFIG);
  await layOutFunctions(bundles, join(folder, 'backout.yml'), join(folder, 'functions'));
  const app = new App({ outdir: join(folder, 'out') });
  const env = { account: ACCOUNT, region: REGION };
  const assets = join(folder, 'functions');
  const network = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };
  template = Template.fromStack(new BackoutStack(app, 'shop', { config, assets, env, network }));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `{Fn::Join: ['', ['arn:', {Ref: 'AWS::Partition'}, …]]}` as the text that it becomes. */
function textOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(textOf);
  if (typeof value !== 'object' || value === null) return value;
  const all: Record<string, unknown> = { ...value };
  if ('Ref' in all) {
    const known = { 'AWS::Partition': 'aws', 'AWS::Region': REGION, 'AWS::AccountId': ACCOUNT };
    return known[String(all['Ref']) as keyof typeof known] ?? all['Ref'];
  }
  if ('Fn::Join' in all) {
    const [glue, parts] = all['Fn::Join'] as [string, unknown[]];
    return parts.map(textOf).join(glue);
  }
  if ('Fn::GetAtt' in all) return `arn:aws:sqs:${REGION}:${ACCOUNT}:generated`;
  return Object.fromEntries(Object.entries(all).map(([key, one]) => [key, textOf(one)]));
}

/** The policies that the template gives to a function's role. */
function policiesOf(which: BuiltFunction): { name: string; policy: unknown }[] {
  const id = which.replaceAll(/(^|-)(.)/g, (_all, _dash, sign: string) => sign.toUpperCase());
  const found = Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(
    ([name, { Properties }]) => {
      const parsed = roleSchema.parse(Properties);
      if (!parsed.Roles.some(({ Ref }) => Ref.startsWith(`${id}Role`))) return [];
      const Statement = textOf(parsed.PolicyDocument.Statement);
      return [{ name, policy: { Version: '2012-10-17', Statement } }];
    },
  );
  if (found.length === 0) throw new Error(`${which} has no policy.`);
  return found;
}

async function may(
  which: BuiltFunction,
  action: string,
  resource: string,
  context: Record<string, string> = {},
): Promise<boolean> {
  const response = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/${which}`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context,
      },
      identityPolicies: policiesOf(which),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (response.resultType === 'error') throw new Error(JSON.stringify(response.errors));
  return response.overallResult === 'Allowed';
}

const parameter = (path: string): string => `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${path}`;
const base = '/backout/shop/production';
const fn = (name: string, alias: string): string =>
  `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}:${alias}`;
const own = (name: string, alias = 'live'): string => fn(`backout-shop-production-${name}`, alias);
const queue = (name: string): string =>
  `arn:aws:sqs:${REGION}:${ACCOUNT}:backout-shop-production-${name}`;
const create = { 'ssm:Overwrite': 'false' };
const overwrite = { 'ssm:Overwrite': 'true' };

type Try = [what: string, action: string, resource: string, context?: Record<string, string>];

const MUST: Try[] = [
  ['make safe', 'ssm:PutParameter', parameter(`${base}/overrides/inc1`), create],
  ['widen', 'ssm:PutParameter', parameter(`${base}/overrides/inc1.2`), create],
  ['read back', 'ssm:GetParameters', parameter(`${base}/overrides/inc1`)],
  ['look at overrides', 'ssm:GetParametersByPath', parameter(`${base}/overrides`)],
  ['open breakers', 'lambda:InvokeFunction', own('control-emergency', 'on-alarm')],
  ['start the clock', 'lambda:InvokeFunction', own('incident-clock')],
  ['queue a message', 'sqs:SendMessage', queue('messages')],
  ['queue an entry', 'sqs:SendMessage', queue('journal')],
  [
    'look an alarm up',
    'cloudwatch:DescribeAlarms',
    `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:x`,
  ],
];
const MUST_NOT: Try[] = [
  ['lift', 'ssm:PutParameter', parameter(`${base}/overrides/inc1.lifted`), create],
  ['lift a later one', 'ssm:PutParameter', parameter(`${base}/overrides/inc1.3.lifted`), create],
  ['write over an override', 'ssm:PutParameter', parameter(`${base}/overrides/inc1`), overwrite],
  ['delete an override', 'ssm:DeleteParameter', parameter(`${base}/overrides/inc1`)],
  ['delete many', 'ssm:DeleteParameters', parameter(`${base}/overrides/inc1`)],
  ['change a base value', 'ssm:PutParameter', parameter(`${base}/flags/features`), create],
  ['change a safe value', 'ssm:PutParameter', parameter(`${base}/safe/features`), create],
  [
    'make another service safe',
    'ssm:PutParameter',
    parameter('/backout/other/production/overrides/x'),
    create,
  ],
  ['make staging safe', 'ssm:PutParameter', parameter('/backout/shop/staging/overrides/x'), create],
  ['read a secret', 'ssm:GetParameter', parameter(`${base}/secrets/journal`)],
  ['read secrets', 'ssm:GetParameters', parameter(`${base}/secrets/redis`)],
  ['read all secrets', 'ssm:GetParametersByPath', parameter(`${base}/secrets`)],
  ['read all of the service', 'ssm:GetParametersByPath', parameter(base)],
  ['decrypt', 'kms:Decrypt', `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`],
  [
    'read a secret elsewhere',
    'secretsmanager:GetSecretValue',
    `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:x`,
  ],
  ['move an alias', 'lambda:UpdateAlias', fn('shop', 'live')],
  ['change code', 'lambda:UpdateFunctionCode', `arn:aws:lambda:${REGION}:${ACCOUNT}:function:shop`],
  ['deploy to ECS', 'ecs:UpdateService', `arn:aws:ecs:${REGION}:${ACCOUNT}:service/prod/shop`],
  ['run commands', 'ssm:SendCommand', `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/i-1`],
  ['call itself what it is not', 'lambda:InvokeFunction', own('control-emergency', 'runner')],
  [
    'call the bare function',
    'lambda:InvokeFunction',
    `arn:aws:lambda:${REGION}:${ACCOUNT}:function:backout-shop-production-control-emergency`,
  ],
  ['drop a database', 'rds:DeleteDBInstance', `arn:aws:rds:${REGION}:${ACCOUNT}:db:shop`],
  ['read the queue', 'sqs:ReceiveMessage', queue('messages')],
  ['empty the queue', 'sqs:PurgeQueue', queue('journal')],
  [
    'silence an alarm',
    'cloudwatch:DisableAlarmActions',
    `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:x`,
  ],
  ['become somebody else', 'sts:AssumeRole', `arn:aws:iam::${ACCOUNT}:role/admin`],
  ['give itself more', 'iam:PutRolePolicy', `arn:aws:iam::${ACCOUNT}:role/on-alarm`],
  ['write a file', 's3:PutObject', 'arn:aws:s3:::bucket/key'],
];

describe('The role of on-alarm', () => {
  test.each(MUST)('may %s: %s', async (_what, action, resource, context) => {
    expect(await may('on-alarm', action, resource, context)).toBe(true);
  });

  test.each(MUST_NOT)('may not %s: %s', async (_what, action, resource, context) => {
    expect(await may('on-alarm', action, resource, context)).toBe(false);
  });
});

describe('Nobody of the functions', () => {
  const NEVER = MUST_NOT.filter(([, action]) =>
    /Delete|Update|SendCommand|PurgeQueue|iam:|sts:|s3:|rds:|Disable/.test(action),
  );
  test.each(
    BUILT.flatMap((which) =>
      NEVER.map(([what, action, resource]) => [which, what, action, resource] as const),
    ),
  )('%s may not %s: %s', async (which, _what, action, resource) => {
    expect(await may(which, action, resource)).toBe(false);
  });

  test.each(BUILT)('%s lifts', async (which) => {
    const lifted = parameter(`${base}/overrides/inc1.lifted`);
    expect(await may(which, 'ssm:PutParameter', lifted, create)).toBe(false);
  });
});

const reads = async (which: BuiltFunction, name: string) =>
  await may(which, 'ssm:GetParameters', parameter(`${base}/secrets/${name}`));

test('Secrets are read by those that need them, and only the ones that backout.yml names.', async () => {
  expect(await reads('journal-drain', 'journal')).toBe(true);
  expect(await reads('messenger', 'other')).toBe(false);
  expect(await reads('on-alarm', 'journal')).toBe(false);
});

describe('What is deployed', () => {
  test('is every function under its name, on Node 24, with an alias', () => {
    for (const name of BUILT) {
      expect(() =>
        template.hasResourceProperties('AWS::Lambda::Function', {
          FunctionName: `backout-shop-production-${name}`,
          Runtime: 'nodejs24.x',
          Handler: `${name}.handler`,
          TracingConfig: { Mode: 'Active' },
        }),
      ).not.toThrow();
    }
    expect(() =>
      template.resourcePropertiesCountIs('AWS::Lambda::Alias', { Name: 'live' }, BUILT.length),
    ).not.toThrow();
  });

  test('is inside the network, but for on-alarm, which must act without it', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const outside = functions.filter(({ Properties }) => !('VpcConfig' in (Properties as object)));
    expect(outside.map(({ Properties }) => (Properties as Named).FunctionName)).toEqual([
      'backout-shop-production-on-alarm',
    ]);
  });

  test('has a clock that lasts for days, and may be woken', () => {
    expect(() =>
      template.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: 'backout-shop-production-incident-clock',
        DurableConfig: { ExecutionTimeout: 172_800, RetentionPeriodInDays: 30 },
      }),
    ).not.toThrow();
    expect(JSON.stringify(template.findResources('AWS::IAM::Role'))).toContain(
      'AWSLambdaBasicDurableExecutionRolePolicy',
    );
  });

  test('keeps alarms that could not be answered, and none that are too old', () => {
    expect(() =>
      template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
        MaximumEventAgeInSeconds: 900,
        MaximumRetryAttempts: 2,
        DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
      }),
    ).not.toThrow();
    expect(() =>
      template.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: 'backout-shop-production-on-alarm',
        ReservedConcurrentExecutions: 2,
      }),
    ).not.toThrow();
  });

  test('lets CloudWatch call on-alarm for an alarm of this account, and nobody else', () => {
    expect(() =>
      template.hasResourceProperties('AWS::Lambda::Permission', {
        Principal: 'lambda.alarms.cloudwatch.amazonaws.com',
        SourceAccount: ACCOUNT,
        SourceArn: Match.anyValue(),
      }),
    ).not.toThrow();
  });

  test('has queues that give up on nothing silently', () => {
    expect(() => template.resourceCountIs('AWS::SQS::Queue', 5)).not.toThrow();
    expect(() =>
      template.hasResourceProperties('AWS::SQS::Queue', {
        QueueName: 'backout-shop-production-journal',
        RedrivePolicy: Match.objectLike({ maxReceiveCount: 20 }),
      }),
    ).not.toThrow();
    expect(() =>
      template.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      }),
    ).not.toThrow();
  });

  test('has an alarm for each rule that CloudWatch measures, and says which have none', () => {
    const { alarms, without } = ruleAlarms(config);
    expect(alarms.map(({ rule }) => rule).toSorted()).toEqual([
      'critical-errors',
      'moderate-errors',
      'slow',
    ]);
    for (const { name, periods } of alarms) {
      expect(() =>
        template.hasResourceProperties('AWS::CloudWatch::Alarm', {
          AlarmName: name,
          EvaluationPeriods: periods,
          DatapointsToAlarm: periods,
          Threshold: 1,
        }),
      ).not.toThrow();
    }
    expect(without.map(({ rule }) => rule)).toContain('service-down');
  });
});

test.each([
  ['critical-errors', 'IF((value > 5), 1, 0)', 2, 'missing'],
  ['moderate-errors', 'IF((value > 1) AND (value <= 5), 1, 0)', 2, 'missing'],
  ['slow', 'IF((value > 1), 1, 0)', 2, 'breaching'],
])(
  'The rule %s becomes %s, over %d periods; silence is %s.',
  (rule, expression, periods, missing) => {
    const alarm = ruleAlarms(config).alarms.find((one) => one.rule === rule);
    expect(alarm?.metrics.at(-1)).toEqual({ id: 'breach', expression });
    expect(alarm).toMatchObject({ periods, missing, periodSeconds: 60 });
  },
);

test('A bundle that is not there is named before anything is made.', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'backout-infra-'));
  try {
    const error = await failureOf(layOutFunctions(empty, 'backout.yml', join(empty, 'out')));
    expect(error).toMatchObject({ code: 'E_BUNDLE' });
    expect(error.message).toContain('on-alarm');
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
});
