import type { ParameterCalls } from '../adapters/aws/ssm-parameters.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { SelectedConfig } from '../config/select.ts';
import { BackoutError } from '../model/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { OpenParametersOptions } from './open-parameters.ts';

export interface ParameterStoreOptions {
  variables: EnvironmentVariables;
  clock: Clock;
  ids: Ids;
  /** What is to be closed at the end. */
  resources: DisposableStack | AsyncDisposableStack;
}

/**
 * The calls of the parameter store of an environment. Loaded here and not before: most services
 * have no use for it.
 * @throws BackoutError E_REGION (usage)
 */
export async function connectParameters(
  { environment }: Pick<SelectedConfig, 'environment'>,
  { variables, clock, ids, resources }: ParameterStoreOptions,
  how: Pick<OpenParametersOptions, 'patience' | 'onPause'> = {},
): Promise<ParameterCalls> {
  const { openParameters } = await import('./open-parameters.ts');
  const opened = openParameters({
    place: { region: mainRegion(environment, variables) },
    clock,
    ids,
    ...how,
  });
  resources.defer(() => opened[Symbol.dispose]());
  return opened.calls;
}

/** Where an environment is: the first region of backout.yml, else that of the surroundings. */
export function mainRegion(
  environment: SelectedConfig['environment'],
  variables: EnvironmentVariables,
): string {
  const region =
    environment.regions?.[0] ?? variables['AWS_REGION'] ?? variables['AWS_DEFAULT_REGION'];
  if (region !== undefined && region !== '') return region;
  throw new BackoutError({
    code: 'E_REGION',
    kind: 'usage',
    message: `Nothing says in which AWS region ${environment.name} is.`,
    remedy: `Write environments.${environment.name}.regions into backout.yml, or set AWS_REGION.`,
  });
}
