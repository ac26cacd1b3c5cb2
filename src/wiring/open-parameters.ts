/** Opens the parameter store of one environment. Only ever imported where there is one. */

import { SSMClient } from '@aws-sdk/client-ssm';
import { type AwsPlace, clientSettings } from '../adapters/aws/clients.ts';
import { ssmFlags } from '../adapters/aws/ssm-flags.ts';
import { type ParameterCalls, ssmParameters } from '../adapters/aws/ssm-parameters.ts';
import type { ParameterProblem, Patience } from '../adapters/aws/ssm-retry.ts';
import { parameterPaths } from '../config/resource-names.ts';
import type { Scope } from '../model/scope.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlagEditor, FlagStore } from '../ports/flags.ts';
import type { Ids } from '../ports/ids.ts';

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

/** @param prefix `state.parameter_prefix` */
export function openParameterFlags(
  calls: ParameterCalls,
  prefix: string,
  scope: Scope,
): FlagStore & FlagEditor {
  return ssmFlags({ calls, paths: parameterPaths(prefix, scope) });
}
