/**
 * Whether the parameter store is fast enough for what is asked of it. `backout check` says so
 * beforehand. It is no reason to refuse a configuration: at night, slower than wanted is better
 * than not at all.
 */
import { planParts } from '../model/flag-parts.ts';
import type { FlagValue } from '../model/flags.ts';
import {
  lookEverySeconds,
  PUTS_PER_SECOND,
  READS_PER_SECOND,
  type ReadingLoad,
  readsPerSecond,
  secondsToPut,
  VALUES_EVERY_SECONDS,
} from '../model/parameter-rates.ts';
import { formatPath } from './problems.ts';
import type { BackoutConfig, EnvironmentConfig } from './schema.ts';

/** A time that the parameter store cannot keep. */
export interface BudgetProblem {
  path: string;
  message: string;
  remedy: string;
}

/** How often applications of one environment get to look at the overrides. */
export interface ReadingBudget {
  environment: string;
  hosts: number;
  /** Calls per second of all of them, and what AWS allows the account. */
  calls_per_second: number;
  allowed_per_second: number;
  /** Seconds between two looks: what is wanted, and what is left when there are too many. */
  wanted_seconds: number;
  actual_seconds: number;
}

type AwsState = Extract<EnvironmentConfig['state'], { kind: 'aws' }>;

const ENABLE =
  '`aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled --setting-value true`';

/** What cannot be written in the time of level flags (`budgets.flags`). */
export function parameterProblems(config: BackoutConfig): BudgetProblem[] {
  return awsStates(config).flatMap(([id, state]) => [
    ...sharingProblem(config, id, state),
    ...singleFlagsProblem(config, id, state),
  ]);
}

/** Every service that is made safe writes one parameter. */
function sharingProblem(config: BackoutConfig, id: string, state: AwsState): BudgetProblem[] {
  const { services_sharing: services, parameter_throughput: throughput } = state;
  const budget = config.budgets.flags / 1_000;
  const seconds = secondsToPut(services, throughput);
  if (seconds <= budget) return [];
  return [
    {
      path: formatPath(['environments', id, 'state', 'services_sharing']),
      message: `${services} services that are made safe together write ${services} parameters: ${timeAt(services, throughput)}, and level flags has ${budget} s.`,
      remedy: remedyFor(services, throughput, budget, {
        otherwise: `Spread the services over accounts or regions, at most ${Math.floor(budget * PUTS_PER_SECOND.high)} in each.`,
      }),
    },
  ];
}

/** Flags that have a parameter each are written one after another, after the override. */
function singleFlagsProblem(config: BackoutConfig, id: string, state: AwsState): BudgetProblem[] {
  const { parameter_throughput: throughput } = state;
  const budget = config.budgets.flags / 1_000;
  const groups = Object.entries(config.flags.groups).filter(
    ([, { layout }]) => layout === 'parameter-per-flag',
  );
  const flags = groups.flatMap(([, group]) =>
    Object.values(group.flags).filter(({ safe }) => safe !== undefined),
  );
  const puts = flags.length + 1;
  if (flags.length === 0 || secondsToPut(puts, throughput) <= budget) return [];
  return [
    {
      path: formatPath(['flags', 'groups', groups[0]?.[0] ?? '', 'layout']),
      message: `${flags.length} flags have a parameter each, so making them safe in ${id} writes ${puts} parameters: ${timeAt(puts, throughput)}, and level flags has ${budget} s.`,
      remedy: remedyFor(puts, throughput, budget, {
        otherwise: 'Write layout: document: then it is one write, whatever the number of flags.',
      }),
    },
  ];
}

function remedyFor(
  puts: number,
  throughput: AwsState['parameter_throughput'],
  budget: number,
  { otherwise }: { otherwise: string },
): string {
  const helps = throughput === 'standard' && secondsToPut(puts, 'high') <= budget;
  if (!helps) return otherwise;
  return `Enable higher throughput with ${ENABLE} and write parameter_throughput: high: then it is ${timeAt(puts, 'high')}. ${otherwise.replace(/^./, (first) => `Or ${first.toLowerCase()}`)}`;
}

function timeAt(puts: number, throughput: AwsState['parameter_throughput']): string {
  return `${Math.ceil(secondsToPut(puts, throughput))} s at ${PUTS_PER_SECOND[throughput]} per second`;
}

/** For every environment on AWS. */
export function readingBudgets(config: BackoutConfig): ReadingBudget[] {
  return awsStates(config).map(([environment, state]) => {
    const { hosts, parameter_throughput: throughput } = state;
    const load: ReadingLoad = {
      readers: hosts,
      overrides: 1,
      values: countParameters(config),
      lookEvery: config.flags.poll_every / 1_000,
      valuesEvery: VALUES_EVERY_SECONDS,
    };
    const allowed = READS_PER_SECOND[throughput];
    return {
      environment,
      hosts,
      calls_per_second: readsPerSecond(load),
      allowed_per_second: allowed,
      wanted_seconds: load.lookEvery,
      actual_seconds: lookEverySeconds(load, allowed),
    };
  });
}

/** Parameters that base and safe values take. */
function countParameters({ flags }: BackoutConfig): number {
  const counts = Object.entries(flags.groups).map(([group, { flags: members, layout }]) => {
    const values = (pick: (flag: (typeof members)[string]) => FlagValue | undefined) =>
      Object.fromEntries(
        Object.entries(members).flatMap(([name, flag]) => {
          const value = pick(flag);
          return value === undefined ? [] : [[name, value] as const];
        }),
      );
    const safe = planParts(
      group,
      [],
      values((flag) => flag.safe),
    ).length;
    if (layout === 'parameter-per-flag') return safe;
    return (
      safe +
      planParts(
        group,
        [],
        values((flag) => flag.default),
      ).length
    );
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

function awsStates(config: BackoutConfig): [string, AwsState][] {
  return Object.entries(config.environments).flatMap(([id, { state }]) =>
    state.kind === 'aws' ? [[id, state]] : [],
  );
}
