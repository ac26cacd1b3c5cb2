/** Reads beforehand what `backout.yml` refers to in the parameter store. */

import type { ParameterCalls } from '../adapters/aws/ssm-parameters.ts';
import { readSecrets } from '../adapters/aws/ssm-secrets.ts';
import { isStored, listReferences, parameterOf, type StoredSecrets } from '../config/secrets.ts';
import type { SelectedConfig } from '../config/select.ts';
import { BackoutError } from '../model/error.ts';

/**
 * For every reference `ssm:…` of the selected environment its value, or why it cannot be read.
 * References that nobody needs must not stop anybody, so this never throws for AWS's sake. Without
 * any such reference nothing is asked, and `open` is not called.
 *
 * @param open makes the calls, with `SECRET_PATIENCE`
 */
export async function prefetchSecrets(
  config: SelectedConfig,
  open: () => ParameterCalls | Promise<ParameterCalls>,
): Promise<StoredSecrets> {
  const { service, environment } = config;
  const scope = { service, environment: environment.name };
  // Those of the other environments are other people's: they are not asked for.
  const { environments: _others, ...here } = config;
  const references = [...new Set(listReferences(here).map(({ reference }) => reference))];
  const names = new Map(
    references.filter(isStored).map((reference) => [reference, parameterOf(reference, scope)]),
  );
  if (names.size === 0) return new Map();
  try {
    const values = await readSecrets(await open(), [...new Set(names.values())]);
    return new Map(
      [...names].flatMap(([reference, name]) => {
        const value = values.get(name);
        return value === undefined ? [] : [[reference, value] as const];
      }),
    );
  } catch (error) {
    if (!(error instanceof BackoutError)) throw error;
    return new Map([...names.keys()].map((reference) => [reference, error]));
  }
}
