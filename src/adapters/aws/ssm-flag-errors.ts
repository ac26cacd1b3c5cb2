/** What a call to the parameter store that failed means for flags. */

import { BackoutError } from '../../model/error.ts';
import { ParameterFailure, type ParameterProblem } from './ssm-retry.ts';

/**
 * Turns what the calls throw into our error.
 * @param afterFailure what the state is when nobody answered
 */
export async function reachFlags<T>(
  afterFailure: 'nothing' | 'unknown',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackoutError) throw error;
    throw flagError(afterFailure, error);
  }
}

function flagError(afterFailure: 'nothing' | 'unknown', error: unknown): BackoutError {
  const isChange = afterFailure === 'unknown';
  const failure = error instanceof ParameterFailure ? error : undefined;
  if (failure?.awsName === 'ParameterMaxVersionLimitExceeded') return versionsError(failure);
  return new BackoutError({
    code: 'E_FLAGS_UNREACHABLE',
    kind: isChange ? 'uncertain' : 'failed',
    message: `The flags in the parameter store cannot be ${isChange ? 'changed' : 'read'}: ${reasonOf(failure, error)}.`,
    ...(isChange ? { state: 'The change may be stored or not; doing it again is safe.' } : {}),
    remedy: remedyOf(failure?.problem ?? 'unanswered'),
    retryable: failure?.problem !== 'denied' && failure?.problem !== 'rejected',
    cause: error,
  });
}

function reasonOf(failure: ParameterFailure | undefined, error: unknown): string {
  if (failure === undefined) return error instanceof Error ? error.message : String(error);
  const tried = failure.tries === 1 ? '' : `, ${failure.tries} times`;
  switch (failure.problem) {
    case 'throttled':
      return `AWS takes no more calls from this account now (${failure.message}${tried})`;
    case 'unanswered':
      return `AWS did not answer (${failure.message.replace(/\.$/, '')}${tried})`;
    case 'denied':
    case 'rejected':
      return failure.message;
    default:
      return failure.problem satisfies never;
  }
}

function remedyOf(problem: ParameterProblem): string {
  switch (problem) {
    case 'throttled':
      return 'Do the same again. Then let the account have more: `aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled --setting-value true`.';
    case 'denied':
      return 'Check the credentials and the role: `aws sts get-caller-identity`. Which rights are needed: infra/README.md.';
    case 'rejected':
      return 'Do what AWS says, then the same again.';
    case 'unanswered':
      return 'Check the network and the state of AWS, then do the same again. Breakers work without it: `backout breakers trip`.';
    default:
      return problem satisfies never;
  }
}

function versionsError(failure: ParameterFailure): BackoutError {
  return new BackoutError({
    code: 'E_SSM_VERSIONS',
    message: `A parameter has 100 versions, and AWS cannot drop the oldest because it has a label: ${failure.message}.`,
    state:
      'That parameter is as it was. Safe state is not concerned: it never writes a second version.',
    remedy:
      'Find the label with `aws ssm get-parameter-history --name NAME`, take it off with `aws ssm unlabel-parameter-version --name NAME --parameter-version N --labels LABEL`, then do the same again.',
    cause: failure,
  });
}
