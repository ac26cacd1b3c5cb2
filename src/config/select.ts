/** What of a configuration applies: to one environment, to one rule, in which order. */
import type { ComplaintRule } from '../model/complaints.ts';
import { BackoutError } from '../model/error.ts';
import type { BackoutConfig, CheckConfig, EnvironmentConfig } from './schema.ts';
import type { Rule } from './sections/rules.ts';
import { suggestRemedy } from './suggest.ts';

/** A configuration with only what exists in one environment. */
export interface SelectedConfig extends BackoutConfig {
  environment: EnvironmentConfig & { name: string };
}

/**
 * The part of a configuration that applies to an environment: targets, databases, caches, services
 * and checks that exist there, check addresses with the base_url in front.
 *
 * @throws BackoutError E_ENVIRONMENT when there is no such environment.
 */
export function selectEnvironment(config: BackoutConfig, name: string): SelectedConfig {
  // A plain lookup would find what every object has, such as "constructor".
  const environment = Object.hasOwn(config.environments, name)
    ? config.environments[name]
    : undefined;
  if (environment === undefined) {
    throw new BackoutError({
      code: 'E_ENVIRONMENT',
      kind: 'usage',
      message: `The service "${config.service}" has no environment "${name}".`,
      remedy: suggestRemedy(name, Object.keys(config.environments)),
    });
  }
  const here = <T extends { environments?: string[] | undefined }>(all: Record<string, T>) =>
    Object.fromEntries(
      Object.entries(all).filter(([, one]) => one.environments?.includes(name) ?? true),
    );
  return {
    ...config,
    environment: { ...environment, name },
    targets: here(config.targets),
    databases: here(config.databases),
    caches: here(config.caches),
    services: here(config.services),
    checks: withAddresses(here(config.checks), environment.base_url),
  };
}

function withAddresses(checks: BackoutConfig['checks'], base: string | undefined) {
  const absolute = (url: string): string =>
    base !== undefined && url.startsWith('/') ? base.replace(/\/$/, '') + url : url;
  const complete = (check: CheckConfig): CheckConfig => {
    if (check.kind === 'http') return { ...check, url: absolute(check.url) };
    if (check.kind !== 'journey') return check;
    return { ...check, steps: check.steps.map((one) => ({ ...one, url: absolute(one.url) })) };
  };
  return Object.fromEntries(
    Object.entries(checks).map(([id, check]) => [id, complete(check)] as const),
  );
}

/** The flag groups that a rule takes to their safe values. */
export function groupsOf(config: BackoutConfig, rule: Rule): string[] {
  if (rule.groups === 'all') return Object.keys(config.flags.groups);
  return rule.groups === 'none' ? [] : rule.groups;
}

/**
 * The providers whose breakers a rule opens, in order of recovery. A tag that no provider has
 * stands for all of them: the rule then says more than the file, and open is the safe side.
 */
export function providersOf(config: BackoutConfig, rule: Rule): string[] {
  const { providers } = config.breakers;
  const all = Object.keys(providers);
  if (rule.trips === 'none') return [];
  const words = rule.trips;
  if (words === 'all') return all;
  const tags = words.filter((word) => word.startsWith('tag:')).map((word) => word.slice(4));
  const known = new Set(Object.values(providers).flatMap((one) => one.tags));
  if (tags.some((tag) => !known.has(tag))) return all;
  return all.filter(
    (id) => words.includes(id) || (providers[id]?.tags.some((tag) => tags.includes(tag)) ?? false),
  );
}

/**
 * The rules that count complaints, those of your own too.
 * @throws BackoutError E_RULE (usage) when there is none: nothing would say what a complaint means
 */
export function complaintRulesOf({ rules }: BackoutConfig): ComplaintRule[] {
  const counting = Object.entries(rules).filter(([, { signal }]) => signal === 'complaints');
  if (counting.length > 0) return counting.map(([name, rule]) => ({ name, ...rule }));
  throw new BackoutError({
    code: 'E_RULE',
    kind: 'usage',
    message: 'No rule of backout.yml has the signal "complaints".',
    remedy: 'Take `signal` out of the rules complaints and many-complaints: it is theirs already.',
  });
}
