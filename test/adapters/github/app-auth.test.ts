/** A GitHub App that asks: the server verifies its signature for real. */
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { appTokens } from '../../../src/adapters/github/app-auth.ts';
import { connectGitHub } from '../../../src/adapters/github/client.ts';
import { randomIds } from '../../../src/adapters/random-ids.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { refusal } from '../../support/github-faults.ts';
import {
  type GitHubBehaviour,
  type GitHubServer,
  REPOSITORY,
  startGitHub,
} from '../../support/github-server.ts';

const APP = '4711';
const pair = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
const KEYS = pair();
const PKCS1 = KEYS.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const PKCS8 = KEYS.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const STRANGER = pair().privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const claims = z.object({
  iss: z.union([z.string(), z.number()]),
  iat: z.number(),
  exp: z.number(),
});

/** Whether a token is one that the App signed, is valid now, and lives no longer than GitHub allows. */
function isFromApp(jwt: string): boolean {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  const verifier = createVerify('RSA-SHA256').update(`${head}.${body}`);
  if (!verifier.verify(KEYS.publicKey, signature, 'base64url')) return false;
  const { iss, iat, exp } = claims.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  const now = Date.now() / 1_000;
  return String(iss) === APP && iat <= now && exp > now && exp - iat <= 660;
}

/** What GitHub does for an App that is installed in our repository, and in no other. */
function installations(made: string[]): GitHubBehaviour {
  return async ({ path, method, token, body }, next) => {
    const isFind = path === `/repos/${REPOSITORY}/installation`;
    const isMake = method === 'POST' && path === '/app/installations/12/access_tokens';
    if (!isFind && !isMake) return await next();
    if (!isFromApp(token)) {
      return refusal({ status: 401, message: 'A JSON web token could not be decoded' });
    }
    if (isFind) return { status: 200, body: { id: 12 } };
    expect(body).toEqual({
      repositories: ['shop'],
      permissions: { actions: 'write', metadata: 'read' },
    });
    made.push(`ghs_${made.length + 1}`);
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const { permissions } = body;
    return {
      status: 201,
      body: { token: made.at(-1), expires_at, permissions, repository_selection: 'selected' },
    };
  };
}

async function site(): Promise<{ server: GitHubServer; made: string[] } & AsyncDisposable> {
  const made: string[] = [];
  const server = await startGitHub([installations(made)]);
  return { server, made, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const app = ({ url }: GitHubServer, privateKey: string) =>
  appTokens({ apiUrl: url, appId: APP, privateKey, repository: REPOSITORY, capMs: 500 });

describe('A GitHub App', () => {
  test.each([
    ['as GitHub gives it', PKCS1],
    ['as PKCS #8', PKCS8],
    ['on one line', PKCS1.replaceAll('\n', String.raw`\n`)],
  ])('gets a token for the one repository, with its key %s', async (_how, key) => {
    await using at = await site();
    expect(await app(at.server, key)()).toBe('ghs_1');
  });

  test('uses a token again', async () => {
    await using at = await site();
    const tokens = app(at.server, PKCS1);
    expect([await tokens(), await tokens()]).toEqual(['ghs_1', 'ghs_1']);
    expect(at.made).toHaveLength(1);
  });

  test('whose key is another one gets none', async () => {
    await using at = await site();
    await expect(app(at.server, STRANGER)()).rejects.toMatchObject({ status: 401 });
    expect(at.made).toEqual([]);
  });

  test('waits no longer than its cap for a GitHub that hangs', async () => {
    await using at = await site();
    at.server.use((_call, _next, gone) => {
      return new Promise((resolve) => {
        gone.addEventListener('abort', () => resolve('drop'), { once: true });
      });
    });
    const began = performance.now();
    await expect(app(at.server, PKCS1)()).rejects.toMatchObject({ status: 500 });
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test('asks with that token', async () => {
    await using at = await site();
    const github = connectGitHub({
      apiUrl: at.server.url,
      token: app(at.server, PKCS1),
      clock: systemClock,
      ids: randomIds,
    });
    const [owner, repo] = REPOSITORY.split('/');
    await github.call({
      route: 'GET /repos/{owner}/{repo}',
      parameters: { owner, repo },
      answer: z.looseObject({}),
      signal: AbortSignal.timeout(2_000),
    });
    expect(at.server.of('GET repo').map(({ token }) => token)).toEqual(['ghs_1']);
  });
});
