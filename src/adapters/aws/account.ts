import { BackoutError } from '../../model/error.ts';

/**
 * The account is part of every ARN, so that no further call is needed to know whose this is.
 * @throws BackoutError E_ACCOUNT (refused) when it is not the one of the environment
 */
export function requireAccount(target: string, arn: string, account: string | undefined): void {
  const actual = arn.split(':')[4] ?? '';
  if (account === undefined || actual === account) return;
  throw new BackoutError({
    code: 'E_ACCOUNT',
    kind: 'refused',
    message: `${target} is in the AWS account ${actual}, and backout.yml has ${account} for this environment.`,
    remedy: 'Use credentials of the right account, or correct `account` in backout.yml.',
  });
}
