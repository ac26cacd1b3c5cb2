/** What GitHub does on a bad day. */

import type { GitHubAnswer, GitHubBehaviour } from './github-server.ts';

interface Refusal {
  status: number;
  message: string;
  headers?: Record<string, string>;
}

export function refusal({ status, message, headers = {} }: Refusal): GitHubAnswer {
  const documentation_url = 'https://docs.github.com/rest';
  return { status, headers, body: { message, documentation_url, status: String(status) } };
}

/** The next `times` calls of the operation are refused, and nothing is done. */
export function refuseNext(operation: string, times: number, how: Refusal): GitHubBehaviour {
  let left = times;
  return (call, next) => {
    if (call.operation !== operation || left === 0) return next();
    left -= 1;
    return Promise.resolve(refusal(how));
  };
}

/** Too fast, in GitHub's words, with the seconds that it wants us to wait. */
export function tooFast(seconds: number, status: 403 | 429 = 403): Refusal {
  const message = 'You have exceeded a secondary rate limit. Please wait a few minutes.';
  return { status, message, headers: { 'retry-after': String(seconds) } };
}

/** The next `times` calls are carried out, and the connection ends without an answer. */
export function dropAfter(operation: string, times: number): GitHubBehaviour {
  let left = times;
  return async (call, next) => {
    const answered = await next();
    if (call.operation !== operation || left === 0) return answered;
    left -= 1;
    return 'drop';
  };
}

/** The next `times` calls do nothing, and the connection ends without an answer. */
export function dropBefore(operation: string, times: number): GitHubBehaviour {
  let left = times;
  return (call, next) => {
    if (call.operation !== operation || left === 0) return next();
    left -= 1;
    return Promise.resolve('drop');
  };
}

/** Something happens right before the next call of the operation: somebody else was quicker. */
export function happensBefore(operation: string, happens: () => void): GitHubBehaviour {
  let done = false;
  return async (call, next) => {
    if (call.operation === operation && !done) {
      done = true;
      happens();
    }
    return await next();
  };
}
