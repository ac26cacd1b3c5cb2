/**
 * The one way to GitHub's API, on github.com and on a server of one's own: every call has a cap,
 * reads are repeated, answers are parsed. What a call that failed means is in call-error.ts.
 *
 * `@octokit/core` without the tables of all endpoints: they are a third of a megabyte for the dozen
 * routes that we use, and each answer goes through a schema of ours anyway.
 */

import { Octokit } from '@octokit/core';
import type * as z from 'zod';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import { classify, waitWanted } from './call-error.ts';

/** What GitHub's routes and fields are promised for; answers of other versions may differ. */
export const API_VERSION = '2022-11-28';
/** Longest wait for one answer, in milliseconds. GitHub itself ends a request after 10 s. */
const ANSWER_MS = 10_000;
const TRIES = 3;
/** Longest that one refusal for coming too fast is waited out, in milliseconds. */
const LONGEST_WAIT_MS = 65_000;

export interface GitHubPlace {
  /** Without a slash at the end: `https://api.github.com`, or `https://HOST/api/v3`. */
  apiUrl: string;
  /** A function is asked before each call: its tokens do not live long. */
  token: string | (() => Promise<string>);
  clock: Clock;
  ids: Ids;
  /** Longest wait for one answer, in milliseconds. Default 10,000. */
  answerMs?: number;
}

export interface GitHubCall<T extends z.ZodType> {
  /** As GitHub writes it: `GET /repos/{owner}/{repo}`. */
  route: string;
  /** For the braces of the route; the rest goes into the query or the body. */
  parameters: Record<string, unknown>;
  answer: T;
  signal: AbortSignal;
  /**
   * False for what would happen twice when it is asked for twice: then only a refusal for coming
   * too fast is repeated, because that one did nothing. Default true.
   */
  repeat?: boolean;
}

export interface GitHub {
  /** @throws what octokit throws (call-error.ts), ZodError for an answer that is none, the signal's reason */
  call<T extends z.ZodType>(call: GitHubCall<T>): Promise<z.output<T>>;
}

/** A client with one token. Nothing is connected before the first call. */
export function connectGitHub(place: GitHubPlace): GitHub {
  const { apiUrl, token, clock, ids, answerMs = ANSWER_MS } = place;
  const octokit = new Octokit({
    ...(typeof token === 'string' ? { auth: token } : {}),
    baseUrl: apiUrl,
    userAgent: 'backout',
    // Octokit writes warnings to the console; what matters is in our own messages.
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });

  async function once(route: string, parameters: object, signal: AbortSignal): Promise<unknown> {
    const authorization = typeof token === 'string' ? {} : { authorization: await bearer(token) };
    const answered: { data: unknown } = await octokit.request(route, {
      ...parameters,
      headers: {
        accept: 'application/vnd.github+json',
        'x-github-api-version': API_VERSION,
        ...authorization,
      },
      request: { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) },
    });
    return answered.data;
  }

  return {
    async call({ route, parameters, answer, signal, repeat = true }) {
      for (let tries = 1; ; tries += 1) {
        try {
          return answer.parse(await once(route, parameters, signal));
        } catch (error) {
          const failure = classify(error, signal);
          const mayRepeat = failure === 'throttled' || (repeat && failure === 'unanswered');
          // With jitter, so that all who were refused do not come back together.
          const own = 250 * 2 ** tries * (0.5 + ids.random());
          const wait = Math.max(own, waitWanted(error, clock.now()));
          if (!mayRepeat || tries === TRIES || wait > LONGEST_WAIT_MS) throw error;
          await clock.sleep(wait, signal);
        }
      }
    },
  };
}

async function bearer(token: () => Promise<string>): Promise<string> {
  return `bearer ${await token()}`;
}

function ignore(): void {
  // Nothing to do.
}

/** `acme/shop` as GitHub's routes want it. */
export function ownerAndName(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}
