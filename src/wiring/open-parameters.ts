/** Opens the parameter store of one environment. Only ever imported where there is one. */

import { SSMClient } from '@aws-sdk/client-ssm';
import { type AwsPlace, clientSettings } from '../adapters/aws/clients.ts';
import { ssmFlags } from '../adapters/aws/ssm-flags.ts';
import { ssmSingleFlags } from '../adapters/aws/ssm-single-flags.ts';
import { type ParameterCalls, ssmParameters } from '../adapters/aws/ssm-parameters.ts';
import type { ParameterProblem, Patience } from '../adapters/aws/ssm-retry.ts';
import { parameterPaths } from '../config/resource-names.ts';
import type { SelectedConfig } from '../config/select.ts';
import type { FlagValue } from '../model/flags.ts';
import type { SingleFlag } from '../model/single-flags.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlagEditor, FlagStore } from '../ports/flags.ts';
import type { Ids } from '../ports/ids.ts';
import type { SingleFlags } from '../ports/single-flags.ts';

export interface OpenParametersOptions {
  /** Region first of the environment; tries are ours, so the SDK makes one. */
  place: Omit<AwsPlace, 'tries'>;
  clock: Clock;
  ids: Ids;
  patience?: Patience;
  /** Hears of every pause, and why: a cap of somebody else may then wait longer. */
  onPause?: (problem: ParameterProblem) => void;
}

/** The calls, and what closes their connections. */
export function openParameters({
  place,
  ...rest
}: OpenParametersOptions): Disposable & { calls: ParameterCalls } {
  const client = new SSMClient(clientSettings({ ...place, tries: 1 }));
  return {
    calls: ssmParameters({ client, ...rest }),
    [Symbol.dispose]: () => client.destroy(),
  };
}

/** The flags of the environment that have a parameter each (`layout: parameter-per-flag`). */
function singleFlagsOf({ flags, environment }: SelectedConfig): SingleFlag[] {
  return Object.entries(flags.groups).flatMap(([group, settings]) => {
    if (settings.layout !== 'parameter-per-flag') return [];
    const path = settings.parameter_path?.replaceAll('{environment}', environment.name) ?? '';
    return Object.entries(settings.flags).map(([name, flag]) => ({
      group,
      name,
      parameter: flag.parameter ?? `${path.replace(/\/$/, '')}/${name}`,
      type: typeOf(flag.default),
      ...(flag.safe === undefined ? {} : { safe: flag.safe }),
    }));
  });
}

function typeOf(value: FlagValue): SingleFlag['type'] {
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'number' ? 'number' : 'string';
}

/** @throws Error where the state is not on AWS: a mistake of the caller */
export function openParameterFlags(
  calls: ParameterCalls,
  config: SelectedConfig,
  clock: Clock,
): { flags: FlagStore & FlagEditor; singles: SingleFlags } {
  const { state } = config.environment;
  if (state.kind !== 'aws') throw new Error('The state of this environment is not on AWS.');
  const scope = { service: config.service, environment: config.environment.name };
  const singles = singleFlagsOf(config);
  return {
    flags: ssmFlags({ calls, paths: parameterPaths(state.parameter_prefix, scope), singles }),
    singles: ssmSingleFlags({
      calls,
      clock,
      flags: singles,
      throughput: state.parameter_throughput,
    }),
  };
}
