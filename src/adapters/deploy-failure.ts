import { BackoutError } from '../model/error.ts';

/**
 * What a call to a platform that failed means for us.
 * - `throttled`: refused for coming too fast; nothing was done.
 * - `stale`: the revision we named is not the newest; nothing was done.
 * - `missing`, `denied`, `rejected`: the platform said no; nothing was done.
 * - `stopped`: we stopped waiting. `unanswered`: no answer, or a fault of the server. After a
 *   change, both leave open whether it was made.
 */
export type CallFailure =
  | 'throttled'
  | 'stale'
  | 'missing'
  | 'denied'
  | 'rejected'
  | 'stopped'
  | 'unanswered';

export interface FailedCall {
  /** `AWS`, `GitHub`: who was asked. */
  platform: string;
  target: string;
  tag: string;
  failure: CallFailure;
  /** What the platform said, cut, without its full stop. */
  said: string;
  error: unknown;
}

/** The refusal or failure of a deployment, from a call that failed. */
export function deployFailed(
  call: FailedCall & {
    /** What was tried, as the subject of a sentence: `Moving the alias live to version 7`. */
    what: string;
    /** Whether the call that failed was one that changes something. */
    changing: boolean;
    /** What to do about a refusal, where more is known than what the platform says. */
    remedy?: string | undefined;
  },
): BackoutError {
  const { platform, target, tag, failure, said, error, what, changing } = call;
  const untouched = `This call changed nothing on ${target}.`;
  const make = (details: {
    message: string;
    remedy: string;
    state?: string;
    retryable?: boolean;
    kind?: 'uncertain';
  }): BackoutError =>
    new BackoutError({ code: 'E_DEPLOY', state: untouched, cause: error, ...details });
  switch (failure) {
    case 'throttled':
      return make({
        message: `${what} was refused by ${platform} for coming too fast: ${said}.`,
        remedy: 'Wait a minute, then `backout incident resume`; it reads back first.',
        retryable: true,
      });
    case 'denied':
      return make({
        message: `${what} is not allowed with these credentials: ${said}.`,
        remedy:
          call.remedy ??
          'Use credentials with the permissions in docs/targets.md, then `backout incident resume`.',
      });
    case 'missing':
    case 'rejected':
    case 'stale':
      return make({
        message: `${what} was refused by ${platform}: ${said}.`,
        remedy:
          call.remedy ??
          `Mend what ${platform} says, then \`backout incident resume\`; it reads back first.`,
      });
    case 'stopped':
    case 'unanswered': {
      const end =
        failure === 'stopped' ? 'was stopped before its end' : `got no answer from ${platform}`;
      return make({
        message: `${what} ${end}: ${said}.`,
        kind: 'uncertain',
        state: changing ? `Whether ${tag} is live on ${target} has to be read back.` : untouched,
        remedy: 'Go on with `backout incident resume`; it reads back first.',
        retryable: true,
      });
    }
    default:
      return failure satisfies never;
  }
}

/** A preflight that got no answer: the release may well be deployable. */
export function preflightFailed(call: FailedCall & { check: string }): BackoutError {
  const { platform, target, tag, failure, said, error, check } = call;
  const retryable = ['throttled', 'stopped', 'unanswered'].includes(failure);
  return new BackoutError({
    code: 'E_PREFLIGHT',
    message: `Whether ${tag} can be deployed to ${target} is not known: ${said}.`,
    remedy: retryable
      ? `Try again; if it stays so, look at the connection to ${platform}.`
      : `Check ${check} of this target (docs/targets.md), then try again.`,
    retryable,
    cause: error,
  });
}
