/** Names of what one service and environment has in Redis. Same in docs/contract.md. */

import { requireRedisName } from '../../model/names.ts';
import type { Scope } from '../../model/scope.ts';

export interface RedisKeys {
  /** Hash: provider → state. */
  breakers: string;
  /** String: `generation:counter`. */
  epoch: string;
  /** Hash: incident → override. */
  overrides: string;
  /** Hash: instance → heartbeat. */
  instances: string;
  /** Channel, not a key. Its messages are epochs. */
  changes: string;
}

/**
 * All keys share the hash tag `{service:environment}`, so that one script may touch them all on a
 * cluster. @throws BackoutError E_NAME
 */
export function redisKeys(scope: Scope): RedisKeys {
  requireRedisName('a service', scope.service);
  requireRedisName('an environment', scope.environment);
  const prefix = `backout:{${scope.service}:${scope.environment}}`;
  return {
    breakers: `${prefix}:breakers`,
    epoch: `${prefix}:epoch`,
    overrides: `${prefix}:overrides`,
    instances: `${prefix}:instances`,
    changes: `${prefix}:changes`,
  };
}
