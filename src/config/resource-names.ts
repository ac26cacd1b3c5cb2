/**
 * What the functions and the infrastructure call the same things on AWS. Both take the names from
 * here, so that they cannot drift apart.
 */
import type { Scope } from '../model/scope.ts';

/** Every function of one service in one environment, by the folder in `lambdas/`. */
export const FUNCTIONS = [
  'on-alarm',
  'incident-clock',
  'control-read',
  'control-emergency',
  'control-application',
  'control-database',
  'control-recover',
  'messenger',
  'runner',
  'journal-drain',
  'release-guard',
] as const;

export type FunctionName = (typeof FUNCTIONS)[number];

/** The alias that callers name: a durable function must be called by one. */
export const LIVE_ALIAS = 'live';

/** `backout-shop-production-on-alarm`. */
export function functionName({ service, environment }: Scope, name: FunctionName): string {
  return `backout-${service}-${environment}-${name}`;
}

/** Functions that call control functions: each by an alias of its own, which proves who it is. */
export const CALLERS = ['on-alarm', 'incident-clock', 'messenger', 'runner'] as const;
export type Caller = (typeof CALLERS)[number];

/** What a caller names: `backout-shop-production-on-alarm:live`. */
export function functionAddress(
  scope: Scope,
  name: FunctionName,
  alias: typeof LIVE_ALIAS | Caller = LIVE_ALIAS,
): string {
  return `${functionName(scope, name)}:${alias}`;
}

/** The alarm that is made from a rule: `backout-shop-production-critical-errors`. */
export function alarmName({ service, environment }: Scope, rule: string): string {
  return `backout-${service}-${environment}-${rule}`;
}

/** `messages`: for the messenger; `journal`: entries for journal-drain. */
export type QueueName = 'messages' | 'journal';

export function queueName({ service, environment }: Scope, queue: QueueName): string {
  return `backout-${service}-${environment}-${queue}`;
}

/** Environment variables that the infrastructure sets and the functions read. */
export const FUNCTION_VARIABLES = {
  messages: 'BACKOUT_MESSAGE_QUEUE_URL',
  journal: 'BACKOUT_JOURNAL_QUEUE_URL',
} as const satisfies Record<QueueName, string>;

/** Paths in the parameter store, without a slash at their end. */
export interface ParameterPaths {
  flags: string;
  safe: string;
  overrides: string;
  secrets: string;
}

/** @param prefix `state.parameter_prefix` of the environment, such as `/backout` */
export function parameterPaths(prefix: string, { service, environment }: Scope): ParameterPaths {
  const root = `${prefix}/${service}/${environment}`;
  return {
    flags: `${root}/flags`,
    safe: `${root}/safe`,
    overrides: `${root}/overrides`,
    secrets: `${root}/secrets`,
  };
}
