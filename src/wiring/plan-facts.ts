import type { EnvironmentVariables } from '../config/environment.ts';
import { resolveReference } from '../config/secrets.ts';
import { inOrder, type SelectedConfig } from '../config/select.ts';
import type { PlanFacts } from '../operations/plan-rollback.ts';
import { longestChecks } from './build-checks.ts';

/** What the configuration says that plans are made of. */
export function planFacts(
  config: SelectedConfig,
  configHash: string,
  variables: EnvironmentVariables,
): PlanFacts {
  const { budgets, stages, environment } = config;
  const { security_floor: floor, required_secrets: required } = config.releases;
  return {
    service: config.service,
    environment: environment.name,
    configHash,
    groupsWithSafeValues: Object.keys(flagsWithSafeValues(config)),
    flagsWithSafeValues: flagsWithSafeValues(config),
    providers: Object.keys(config.breakers.providers),
    fastPath: environment.redis !== undefined,
    acknowledgeWithinMs: config.flags.acknowledge_within,
    eligibility: {
      ...(floor === undefined ? {} : { floor }),
      candidates: config.releases.candidates,
      missingSecrets: required.filter((reference) => !isThere(reference, variables)),
    },
    budgetsMs: {
      flags: budgets.flags,
      application: budgets.application,
      database: budgets.database,
    },
    targets: inOrder(config.targets).map((name) => ({
      name,
      timeoutMs: config.targets[name]?.timeout ?? 0,
      preflightMs: preflightTime(config, name),
    })),
    stages: [
      { name: 'now', afterMs: stages.now },
      { name: 't+2', afterMs: stages['t+2'] },
      { name: 't+10', afterMs: stages['t+10'] },
    ],
    checksMs: longestChecks(config),
    bake: { durationMs: config.bake.duration, everyMs: config.bake.every },
  };
}

/** Whether a reference leads to something. Its value is looked at by nobody. */
function isThere(reference: string, variables: EnvironmentVariables): boolean {
  try {
    return resolveReference(reference, variables) !== '';
  } catch {
    return false;
  }
}

/** Names of the flags that have a safe value, by group; groups without one are left out. */
function flagsWithSafeValues({ flags }: SelectedConfig): Record<string, string[]> {
  const groups = Object.entries(flags.groups).map(([group, { flags: all }]) => {
    const names = Object.entries(all).filter(([, { safe }]) => safe !== undefined);
    return [group, names.map(([name]) => name)] as const;
  });
  return Object.fromEntries(groups.filter(([, names]) => names.length > 0));
}

function preflightTime(config: SelectedConfig, name: string): number {
  const target = config.targets[name];
  const asksPrograms = target?.kind === 'command' || target?.kind === 'ssm-command';
  return asksPrograms ? target.read_timeout + 1_000 : 10_000;
}
