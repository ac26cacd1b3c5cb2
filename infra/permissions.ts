/**
 * What each function may do, and nothing else. Names and paths come from src/config/resource-names.ts,
 * so that what is allowed is what is called.
 */
import {
  type FunctionName,
  functionName,
  parameterPaths,
  queueName,
  type QueueName,
} from '../src/config/resource-names.ts';
import type { SelectedConfig } from '../src/config/select.ts';
import { listReferences, isStored, parameterOf } from '../src/config/secrets.ts';

/** One statement of a policy. */
export interface Permission {
  effect?: 'Deny';
  actions: string[];
  resources: string[];
  conditions?: Record<string, Record<string, string>>;
}

/** Where the resources are. */
export interface Place {
  partition: string;
  region: string;
  account: string;
}

/** Functions that exist; the others of the design are not built yet. */
export const BUILT = [
  'on-alarm',
  'incident-clock',
  'control-emergency',
  'messenger',
  'journal-drain',
  'release-guard',
] as const satisfies readonly FunctionName[];
export type BuiltFunction = (typeof BUILT)[number];

/**
 * The permissions of every function, by its name. Logs and tracing are not here: the platform's own
 * policies have them.
 */
export function permissionsOf(
  config: SelectedConfig,
  place: Place,
): Record<BuiltFunction, Permission[]> {
  const scope = { service: config.service, environment: config.environment.name };
  const { state } = config.environment;
  const prefix = state.kind === 'aws' ? state.parameter_prefix : '/backout';
  const paths = parameterPaths(prefix, scope);
  const arn = (service: string, rest: string): string =>
    `arn:${place.partition}:${service}:${place.region}:${place.account}:${rest}`;
  const parameter = (path: string): string => arn('ssm', `parameter${path}`);
  const lambda = (name: FunctionName, alias: string): string =>
    arn('lambda', `function:${functionName(scope, name)}:${alias}`);
  const queue = (name: QueueName): string => arn('sqs', queueName(scope, name));

  /** GetParametersByPath is authorised against the path that is asked for, not against what is below. */
  const listing = (...which: string[]): Permission => ({
    actions: ['ssm:GetParametersByPath'],
    resources: which.map(parameter),
  });
  const readFlags = listing(paths.flags, paths.safe, paths.overrides);
  const makeSafe: Permission[] = [
    {
      actions: ['ssm:PutParameter', 'ssm:GetParameter', 'ssm:GetParameters'],
      resources: [parameter(`${paths.overrides}/*`)],
    },
    // Overrides are a log: nothing that is there is ever written over.
    {
      effect: 'Deny',
      actions: ['ssm:PutParameter'],
      resources: ['*'],
      conditions: { StringEquals: { 'ssm:Overwrite': 'true' } },
    },
    // A tombstone has a name of its own, so who may not write that name cannot lift.
    {
      effect: 'Deny',
      actions: ['ssm:PutParameter'],
      resources: [parameter(`${paths.overrides}/*.lifted`)],
    },
  ];
  const watchAlarms: Permission = {
    // CloudWatch knows no narrower resource for reading.
    actions: ['cloudwatch:DescribeAlarms', 'cloudwatch:DescribeAlarmHistory'],
    resources: ['*'],
  };
  const send = (...queues: QueueName[]): Permission => ({
    actions: ['sqs:SendMessage'],
    resources: queues.map(queue),
  });
  const receive = (name: QueueName): Permission => ({
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    resources: [queue(name)],
  });
  const secrets = secretsOf(config).map((name) => parameter(name));
  const readSecrets: Permission[] =
    secrets.length === 0 ? [] : [{ actions: ['ssm:GetParameters'], resources: secrets }];

  return {
    'on-alarm': [
      ...makeSafe,
      readFlags,
      watchAlarms,
      send('messages', 'journal'),
      {
        actions: ['lambda:InvokeFunction'],
        resources: [lambda('control-emergency', 'on-alarm'), lambda('incident-clock', 'live')],
      },
    ],
    'incident-clock': [...makeSafe, readFlags, watchAlarms, ...readSecrets],
    'control-emergency': readSecrets,
    messenger: [receive('messages'), ...readSecrets],
    'journal-drain': [receive('journal'), ...readSecrets],
    'release-guard': [readFlags, ...readSecrets],
  };
}

/** Parameters with secrets that backout.yml refers to, in this environment. */
function secretsOf(config: SelectedConfig): string[] {
  const scope = { service: config.service, environment: config.environment.name };
  const { environments: _others, ...here } = config;
  const references = listReferences(here).map(({ reference }) => reference);
  return [...new Set(references.filter(isStored).map((one) => parameterOf(one, scope)))];
}
