/** What a call to GitHub that failed means for us. */

import * as z from 'zod';
import type { BackoutError } from '../../model/error.ts';
import { type CallFailure, deployFailed, preflightFailed } from '../deploy-failure.ts';

/** The fields of octokit's errors that we read. Without `response` nobody answered. */
const requestError = z.object({
  name: z.string(),
  message: z.string().default(''),
  status: z.number().optional(),
  response: z
    .object({
      headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()),
      data: z.unknown(),
    })
    .optional(),
});

const said = z.object({ message: z.string() });

interface Refused {
  status: number;
  /** In GitHub's own words. */
  message: string;
  header: (name: string) => string | undefined;
}

/** What GitHub answered, when it answered. */
function readRefusal(error: unknown): Refused | undefined {
  const parsed = requestError.safeParse(error);
  if (!parsed.success || parsed.data.response === undefined) return undefined;
  const { status = 0, message, response } = parsed.data;
  const words = said.safeParse(response.data);
  return {
    status,
    message: words.success ? words.data.message : message,
    header: (name) => response.headers[name]?.toString(),
  };
}

/** @param signal the one that the call was given */
export function classify(error: unknown, signal: AbortSignal): CallFailure {
  const refused = readRefusal(error);
  if (refused === undefined) return signal.aborted ? 'stopped' : 'unanswered';
  const { status } = refused;
  if (isThrottled(refused)) return 'throttled';
  if (status === 401 || status === 403) return 'denied';
  if (status === 404 || status === 410) return 'missing';
  if (status >= 400 && status < 500) return 'rejected';
  return signal.aborted ? 'stopped' : 'unanswered';
}

/** GitHub refuses for coming too fast with 429 or with 403; the second also means "not allowed". */
function isThrottled({ status, message, header }: Refused): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    header('retry-after') !== undefined ||
    header('x-ratelimit-remaining') === '0' ||
    /rate limit|abuse detection/i.test(message)
  );
}

/** How long GitHub wants us to wait, in milliseconds; 0 when it does not say. */
export function waitWanted(error: unknown, now: number): number {
  const refused = readRefusal(error);
  if (refused === undefined || !isThrottled(refused)) return 0;
  const seconds = Number(refused.header('retry-after'));
  if (Number.isFinite(seconds)) return seconds * 1_000;
  if (refused.header('x-ratelimit-remaining') !== '0') return 0;
  const reset = Number(refused.header('x-ratelimit-reset'));
  return Number.isFinite(reset) ? Math.max(0, reset * 1_000 - now) : 0;
}

/** What GitHub said, cut: `404: Not Found`. */
export function saidBy(error: unknown): string {
  const refused = readRefusal(error);
  const words =
    refused === undefined
      ? error instanceof Error
        ? error.message
        : String(error)
      : `${refused.status}: ${refused.message}`;
  const line = words.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/**
 * What to do about a refusal of GitHub's; undefined when its own words have to do.
 * GitHub names the permissions that would have been enough: `actions=write; contents=read`.
 */
export function remedyFor(error: unknown): string | undefined {
  const refused = readRefusal(error);
  if (refused === undefined) return undefined;
  const { status, message, header } = refused;
  if (status === 401) return 'Give a token that is valid; this one is over, revoked or cut off.';
  if (status === 403) {
    const accepted = header('x-accepted-github-permissions')?.replaceAll('=', ': ');
    const wanted = accepted === undefined ? 'the permissions in docs/targets.md' : accepted;
    if (/ruleset|rule violation|policy|protect/i.test(message)) {
      return 'Let the rules of the repository (Settings, Actions) allow this workflow to be started by this token.';
    }
    return `Give the token ${wanted}: in a workflow under \`permissions\`, else where the token is made.`;
  }
  if (status === 404) {
    return 'Check owner/name and the file of the workflow, and that the token may see this repository: GitHub answers the same for both.';
  }
  if (/disabled workflow/i.test(message)) return 'Enable it: `gh workflow enable FILE`.';
  if (/trigger/i.test(message)) {
    return 'Add `on: workflow_dispatch` to the workflow. A release from before that has it not: set `ref: default_branch` and give the tag as an input.';
  }
  if (/input/i.test(message)) {
    return 'Let `inputs` of the target in backout.yml fit the inputs of the workflow at the ref that is used.';
  }
  return undefined;
}

export interface Attempt {
  target: string;
  tag: string;
  /** What was tried, as the subject of a sentence: `Starting deploy.yml at v1.2.0`. */
  what: string;
  error: unknown;
  signal: AbortSignal;
  /** Whether the call that failed was one that changes something. */
  changing: boolean;
}

/** The refusal or failure of a deployment, from a call that failed. */
export function deployFailure({ signal, ...attempt }: Attempt): BackoutError {
  return deployFailed({
    ...attempt,
    platform: 'GitHub',
    failure: classify(attempt.error, signal),
    said: saidBy(attempt.error),
    remedy: remedyFor(attempt.error),
  });
}

/** A preflight that got no answer: the release may well be deployable. */
export function preflightFailure({
  signal,
  ...attempt
}: Pick<Attempt, 'target' | 'tag' | 'error' | 'signal'>): BackoutError {
  return preflightFailed({
    ...attempt,
    platform: 'GitHub',
    failure: classify(attempt.error, signal),
    said: saidBy(attempt.error),
    check: 'repository, file, token and permissions',
  });
}
