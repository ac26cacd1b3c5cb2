/** A GitHub App as the one who asks: short-lived tokens for one repository, made from its key. */

import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import * as z from 'zod';
import { API_VERSION, ownerAndName } from './client.ts';

/** Longest for one call on the way to a token, in milliseconds. */
const MAKE_MS = 5_000;

export interface GitHubApp {
  /** Without a slash at the end. */
  apiUrl: string;
  appId: string;
  /** PEM, PKCS #1 as GitHub gives it, or PKCS #8; line ends may be written as `\n`. */
  privateKey: string;
  /** `acme/shop`: the token is for that one. */
  repository: string;
  /** Left out: 5,000. */
  capMs?: number;
}

const installation = z.object({ id: z.number() });
const token = z.object({ token: z.string().min(1) });

/**
 * Makes tokens that may start runs of the repository and nothing else. GitHub lets them live for an
 * hour; one is used again for 59 minutes.
 * @returns what gives a token; it throws what octokit throws (call-error.ts)
 */
export function appTokens(app: GitHubApp): () => Promise<string> {
  const { apiUrl, appId, privateKey, repository, capMs = MAKE_MS } = app;
  const { owner, repo } = ownerAndName(repository);
  let known: number | undefined;

  const octokit = new Octokit({
    authStrategy: createAppAuth,
    auth: { appId, privateKey },
    baseUrl: apiUrl,
    userAgent: 'backout',
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  // Also for the calls that the strategy makes by itself.
  octokit.hook.before('request', (options) => {
    options.headers['x-github-api-version'] = API_VERSION;
    options.request.signal = AbortSignal.timeout(capMs);
  });

  return async () => {
    if (known === undefined) {
      const route = 'GET /repos/{owner}/{repo}/installation';
      const found: { data: unknown } = await octokit.request(route, { owner, repo });
      known = installation.parse(found.data).id;
    }
    const made: unknown = await octokit.auth({
      type: 'installation',
      installationId: known,
      repositoryNames: [repo],
      permissions: { actions: 'write', metadata: 'read' },
    });
    return token.parse(made).token;
  };
}

function ignore(): void {
  // Nothing to do.
}
