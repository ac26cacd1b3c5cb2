import type { BackoutConfig } from '../config/schema.ts';
import { BackoutError } from '../model/error.ts';

/** The environment that is meant: the one named, else the only one. @throws BackoutError E_ENVIRONMENT */
export function chooseEnvironment(config: BackoutConfig, named: string | undefined): string {
  if (named !== undefined) return named;
  const all = Object.keys(config.environments);
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  throw new BackoutError({
    code: 'E_ENVIRONMENT',
    kind: 'usage',
    message: `${config.service} has ${all.length} environments: ${all.join(', ')}.`,
    remedy: 'Name one with --environment.',
  });
}
