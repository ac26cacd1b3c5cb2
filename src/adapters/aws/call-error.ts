/** What an AWS call that failed means for us. */

import * as z from 'zod';
import { BackoutError } from '../../model/error.ts';

/** The fields of an SDK's error that we read; the SDK gives no schema of its own. */
const sdkError = z.object({
  name: z.string(),
  message: z.string().default(''),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional(),
});

/**
 * - `throttled`: refused for coming too fast; nothing was done.
 * - `stale`: the revision we named is not the newest; nothing was done.
 * - `missing`, `denied`, `rejected`: AWS said no; nothing was done.
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

const THROTTLED =
  /^(TooManyRequests|Throttl|RequestLimitExceeded|RequestThrottled|TooManyUpdates|ProvisionedThroughput)/;
/** Credentials that are missing, over, or not enough: repeating the call cannot help. */
const DENIED =
  /^(AccessDenied|UnrecognizedClient|InvalidSignature|ExpiredToken|InvalidClientToken|Credentials|TokenProvider|MissingAuthenticationToken|NotAuthorized)/;
const MISSING =
  /^(ResourceNotFound|ClusterNotFound|ServiceNotFound|ServiceNotActive|InvalidInstanceId|InvocationDoesNotExist|RepositoryNotFound|ImageNotFound)/;

/** @param signal the one that the call was given */
export function classify(error: unknown, signal: AbortSignal): CallFailure {
  const parsed = sdkError.safeParse(error);
  if (!parsed.success) return signal.aborted ? 'stopped' : 'unanswered';
  const { name, $metadata } = parsed.data;
  const status = $metadata?.httpStatusCode ?? 0;
  if (THROTTLED.test(name) || status === 429) return 'throttled';
  if (name.startsWith('PreconditionFailed') || status === 412) return 'stale';
  if (DENIED.test(name) || status === 401 || status === 403) return 'denied';
  if (MISSING.test(name) || status === 404) return 'missing';
  if (status >= 400 && status < 500) return 'rejected';
  // A TimeoutError may be our own cap as well as the network: either way nobody answered.
  return signal.aborted ? 'stopped' : 'unanswered';
}

/** What AWS said, in its own words, cut: `AccessDeniedException: User … is not authorized …`. */
export function saidBy(error: unknown): string {
  const parsed = sdkError.safeParse(error);
  if (!parsed.success) return String(error);
  const { name, message } = parsed.data;
  const words = message === '' || message === name ? name : `${name}: ${message}`;
  const line = words.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

interface Attempt {
  target: string;
  tag: string;
  /** What was tried, as the subject of a sentence: `Moving the alias live to version 7`. */
  what: string;
  error: unknown;
  signal: AbortSignal;
  /** Whether the call that failed was one that changes something. */
  changing: boolean;
}

/** The refusal or failure of a deployment, from a call that failed. */
export function deployFailure({ target, tag, what, error, signal, changing }: Attempt) {
  const failure = classify(error, signal);
  const said = saidBy(error);
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
        message: `${what} was refused by AWS for coming too fast: ${said}.`,
        remedy: 'Wait a minute, then `backout incident resume`; it reads back first.',
        retryable: true,
      });
    case 'denied':
      return make({
        message: `${what} is not allowed with these credentials: ${said}.`,
        remedy: `Use credentials with the permissions in docs/targets.md, then \`backout incident resume\`.`,
      });
    case 'missing':
    case 'rejected':
    case 'stale':
      return make({
        message: `${what} was refused by AWS: ${said}.`,
        remedy: 'Mend what AWS says, then `backout incident resume`; it reads back first.',
      });
    case 'stopped':
    case 'unanswered': {
      const end = failure === 'stopped' ? 'was stopped before its end' : 'got no answer from AWS';
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
export function preflightFailure(
  attempt: Pick<Attempt, 'target' | 'tag' | 'error' | 'signal'>,
): BackoutError {
  const { target, tag, error, signal } = attempt;
  const failure = classify(error, signal);
  const retryable = ['throttled', 'stopped', 'unanswered'].includes(failure);
  return new BackoutError({
    code: 'E_PREFLIGHT',
    message: `Whether ${tag} can be deployed to ${target} is not known: ${saidBy(error)}.`,
    remedy: retryable
      ? 'Try again; if it stays so, look at the connection to AWS.'
      : 'Check names, region and permissions of this target (docs/targets.md), then try again.',
    retryable,
    cause: error,
  });
}
