/** What speaks to GitHub. Only ever imported when it is used (build-deployments.ts, build-targets.ts). */

import { connectGitHub } from '../adapters/github/client.ts';
import { gitHubDeployments } from '../adapters/github/deployments.ts';
import { randomIds } from '../adapters/random-ids.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { Deployments } from '../ports/deployments.ts';
import type { GitHubAccess } from './github-access.ts';

export function openGitHubDeployments(
  access: GitHubAccess,
  repository: string,
  environment: string,
): Deployments {
  const github = connectGitHub({ ...access, clock: systemClock, ids: randomIds });
  return gitHubDeployments({ github, repository, environment });
}
