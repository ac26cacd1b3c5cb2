/** GitHub's deployments: what was deployed to an environment, as GitHub itself knows it. */

import * as z from 'zod';
import { type GitHub, ownerAndName } from './client.ts';

const deployment = z.object({
  id: z.number(),
  sha: z.string(),
  /** A branch or tag, in its short form: whoever deploys through the API may write the long one. */
  ref: z.string().transform((ref) => ref.replace(/^refs\/(tags|heads)\//, '')),
  environment: z.string(),
  created_at: z.string(),
  creator: z.object({ login: z.string() }).nullish(),
});
const status = z.object({
  state: z.string(),
  created_at: z.string(),
  target_url: z.string().nullish(),
  log_url: z.string().nullish(),
});

export type GitHubDeployment = z.output<typeof deployment>;
export type GitHubDeploymentStatus = z.output<typeof status>;

export interface GitHubRepository {
  github: GitHub;
  /** owner/name. */
  repository: string;
}

/** The newest deployments of an environment, newest first; at most 100. */
export async function listDeployments(
  { github, repository }: GitHubRepository,
  environment: string,
  limit: number,
  signal: AbortSignal,
): Promise<GitHubDeployment[]> {
  const found = await github.call({
    route: 'GET /repos/{owner}/{repo}/deployments',
    parameters: { ...ownerAndName(repository), environment, per_page: limit },
    answer: z.array(deployment),
    signal,
  });
  return found.toSorted((a, b) => b.id - a.id);
}

/** The last word on a deployment; undefined when there is none yet. */
export async function lastStatus(
  { github, repository }: GitHubRepository,
  id: number,
  signal: AbortSignal,
): Promise<GitHubDeploymentStatus | undefined> {
  const [newest] = await github.call({
    route: 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
    parameters: { ...ownerAndName(repository), deployment_id: id, per_page: 1 },
    answer: z.array(status),
    signal,
  });
  return newest;
}
