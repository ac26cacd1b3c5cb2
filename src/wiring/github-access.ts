import { type EnvironmentVariables, readGitHub } from '../config/environment.ts';
import { resolveReference } from '../config/secrets.ts';
import type { SelectedConfig } from '../config/select.ts';
import { BackoutError } from '../model/error.ts';

/** Where GitHub is, and the token to ask with. */
export interface GitHubAccess {
  apiUrl: string;
  token: string | (() => Promise<string>);
}

/** By App, so that nobody's own token lies about: one set of tokens for each, for their hour. */
const apps = new Map<string, () => Promise<string>>();

/**
 * The way to GitHub for whoever starts the rollback workflow: the App where one is named.
 * @param repository `acme/shop`: its tokens are for that one
 * @throws BackoutError E_SECRET_MISSING, E_GITHUB_URL (usage)
 */
export async function handOverAccess(
  settings: Pick<SelectedConfig['environment']['github'], 'token' | 'app_id' | 'private_key'>,
  repository: string,
  variables: EnvironmentVariables,
): Promise<GitHubAccess> {
  const { token, app_id: app, private_key: key } = settings;
  if (app === undefined || key === undefined) return gitHubAccess(token, variables);
  const { apiUrl } = readGitHub(variables);
  requireSafe(apiUrl);
  const appId = resolveReference(app, variables);
  const privateKey = resolveReference(key, variables);
  const name = [apiUrl, appId, repository].join(' ');
  const { openApp } = await import('./open-github.ts');
  const tokens = apps.get(name) ?? openApp({ apiUrl, appId, privateKey, repository });
  apps.set(name, tokens);
  return { apiUrl, token: tokens };
}

/**
 * @param reference what backout.yml says; left out: GITHUB_TOKEN, as steps of a workflow are given it
 * @throws BackoutError E_SECRET_MISSING, E_GITHUB_URL (usage)
 */
export function gitHubAccess(
  reference: string | undefined,
  variables: EnvironmentVariables,
): GitHubAccess {
  const { apiUrl, token: usual } = readGitHub(variables);
  requireSafe(apiUrl);
  const token = reference === undefined ? usual : resolveReference(reference, variables);
  if (token !== undefined) return { apiUrl, token };
  throw new BackoutError({
    code: 'E_SECRET_MISSING',
    kind: 'usage',
    message: 'There is no token for GitHub: the environment variable GITHUB_TOKEN is not set.',
    remedy:
      'Set GITHUB_TOKEN where this command runs (in a workflow: `env: {GITHUB_TOKEN: ${{ github.token }}}`), or write `github: {token: env:NAME}` into the environment in backout.yml.',
  });
}

/** A token goes out with every call: never readable on the way, except to this very machine. */
function requireSafe(apiUrl: string): void {
  const address = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(address?.hostname ?? '');
  if (address?.protocol === 'https:' || (address?.protocol === 'http:' && isHere)) return;
  throw new BackoutError({
    code: 'E_GITHUB_URL',
    kind: 'usage',
    message: 'The address of GitHub in GITHUB_API_URL is not one that starts with https://.',
    remedy: 'Set it to https://HOST/api/v3, or leave it out for github.com.',
  });
}
