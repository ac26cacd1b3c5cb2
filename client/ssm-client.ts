/** The calls of the parameter store. Loaded only where there is one (ssm-source.ts). */

import { SSMClient } from '@aws-sdk/client-ssm';
import { type ParameterCalls, ssmParameters } from '../src/adapters/aws/ssm-parameters.ts';
import type { Patience } from '../src/adapters/aws/ssm-retry.ts';
import { randomIds } from '../src/adapters/random-ids.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import type { ParameterStoreOptions } from './ssm-source.ts';

/**
 * For one look, as with files. A call that is refused for coming too fast is repeated within this.
 * The pauses do not grow: among many hosts those that were refused more often would wait longer.
 */
const LOOK_PATIENCE = { call: 1_000, unanswered: 0, throttled: 1_500, pause: 300 };
/** Nobody waits for values, and there may be hundreds of pages. */
const VALUES_PATIENCE = { call: 2_000, unanswered: 10_000, throttled: 28_000 };

/** The same calls, for the overrides and for the values. */
export interface ParameterClient {
  looks: ParameterCalls;
  values: ParameterCalls;
  close: () => void;
}

export function openClient(options: ParameterStoreOptions): ParameterClient {
  const { region, credentials, endpoint } = options;
  const client = new SSMClient({
    // Repeats are ours (ssm-retry.ts).
    maxAttempts: 1,
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const callsWith = (patience: Patience): ParameterCalls =>
    ssmParameters({ client, clock: systemClock, ids: randomIds, patience });
  return {
    looks: callsWith(LOOK_PATIENCE),
    values: callsWith(VALUES_PATIENCE),
    close: () => client.destroy(),
  };
}
