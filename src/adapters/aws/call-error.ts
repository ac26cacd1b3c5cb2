/** What an AWS call that failed means for us. */

import * as z from 'zod';
import type { BackoutError } from '../../model/error.ts';
import { type CallFailure, deployFailed, preflightFailed } from '../deploy-failure.ts';
import { DENIED, THROTTLED } from './error-names.ts';

/** The fields of an SDK's error that we read; the SDK gives no schema of its own. */
const sdkError = z.object({
  name: z.string(),
  message: z.string().default(''),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional(),
});

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
export function deployFailure({ signal, ...attempt }: Attempt): BackoutError {
  const { error } = attempt;
  return deployFailed({
    ...attempt,
    platform: 'AWS',
    failure: classify(error, signal),
    said: saidBy(error),
  });
}

/** A preflight that got no answer: the release may well be deployable. */
export function preflightFailure({
  signal,
  ...attempt
}: Pick<Attempt, 'target' | 'tag' | 'error' | 'signal'>): BackoutError {
  const { error } = attempt;
  return preflightFailed({
    ...attempt,
    platform: 'AWS',
    failure: classify(error, signal),
    said: saidBy(error),
    check: 'names, region and permissions',
  });
}
