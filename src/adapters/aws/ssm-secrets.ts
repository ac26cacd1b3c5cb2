/** Secrets in the parameter store. */

import { BackoutError } from '../../model/error.ts';
import type { ParameterCalls } from './ssm-parameters.ts';
import { ParameterFailure, type Patience } from './ssm-retry.ts';

/** Commands wait for secrets before they begin, so less is waited than for making safe. */
export const SECRET_PATIENCE: Patience = { call: 2_000, unanswered: 4_500, throttled: 8_000 };

/**
 * The values of the parameters that exist, by name, ten per call. Needs `ssm:GetParameters` on them
 * and, where they have a key of their own, `kms:Decrypt` on that.
 * @throws BackoutError E_SECRETS_UNREACHABLE
 */
export async function readSecrets(
  calls: ParameterCalls,
  names: readonly string[],
): Promise<Map<string, string>> {
  try {
    const found = await calls.get(names, { decrypt: true });
    return new Map([...found].map(([name, { value }]) => [name, value]));
  } catch (error) {
    throw secretsError(error);
  }
}

function secretsError(error: unknown): BackoutError {
  const isAnswered =
    error instanceof ParameterFailure &&
    (error.problem === 'denied' || error.problem === 'rejected');
  const said = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
  return new BackoutError({
    code: 'E_SECRETS_UNREACHABLE',
    message: `The secrets in the parameter store cannot be read: ${said}.`,
    remedy: isAnswered
      ? 'Allow this role ssm:GetParameters on them, and kms:Decrypt on their key; check the credentials: `aws sts get-caller-identity`.'
      : 'Check the network and the state of AWS, then do the same again.',
    retryable: !isAnswered,
    cause: error,
  });
}
