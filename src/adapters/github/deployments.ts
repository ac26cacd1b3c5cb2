import { BackoutError } from '../../model/error.ts';
import type { Deployment, DeploymentState } from '../../model/deployment.ts';
import type { Deployments } from '../../ports/deployments.ts';
import { classify, remedyFor, saidBy } from './call-error.ts';
import {
  type GitHubDeployment,
  type GitHubDeploymentStatus,
  type GitHubRepository,
  lastStatus,
  listDeployments,
} from './deployment-calls.ts';

/** States as GitHub's API has them; one without a status yet has only been asked for. */
const STATES: Readonly<Record<string, DeploymentState>> = {
  pending: 'waiting',
  queued: 'waiting',
  waiting: 'waiting',
  in_progress: 'running',
  success: 'succeeded',
  failure: 'failed',
  error: 'failed',
  inactive: 'inactive',
};

export interface GitHubDeploymentsOptions extends GitHubRepository {
  /** Name of the environment on GitHub. */
  environment: string;
}

/** GitHub's deployments of one environment. Each needs a call of its own for its state. */
export function gitHubDeployments(options: GitHubDeploymentsOptions): Deployments {
  const { repository, environment } = options;
  return {
    source: 'GitHub',
    async newest(limit, signal) {
      try {
        const found = await listDeployments(options, environment, limit, signal);
        return await Promise.all(
          found.map(async (one) => showState(one, await lastStatus(options, one.id, signal))),
        );
      } catch (error) {
        throw new BackoutError({
          code: 'E_DEPLOYMENTS',
          message: `The deployments of ${repository} to ${environment} cannot be read from GitHub: ${saidBy(error)}.`,
          remedy:
            remedyFor(error) ??
            'Look at the connection to GitHub. Our own record and the targets say what is live without it.',
          retryable: ['throttled', 'stopped', 'unanswered'].includes(classify(error, signal)),
          cause: error,
        });
      }
    },
  };
}

function showState(
  { id, ref, sha, creator, created_at: createdAt }: GitHubDeployment,
  status: GitHubDeploymentStatus | undefined,
): Deployment {
  const url = [status?.log_url, status?.target_url].find((one) => one?.startsWith('http') === true);
  return {
    id: String(id),
    ref,
    commit: sha,
    state: stateOf(status),
    by: creator?.login,
    createdAt: new Date(createdAt).toISOString(),
    url: url ?? undefined,
  };
}

/** What a status means; a state that GitHub invents tomorrow is not known, which is no success. */
export function stateOf(status: GitHubDeploymentStatus | undefined): DeploymentState {
  return status === undefined ? 'waiting' : (STATES[status.state] ?? 'unknown');
}
