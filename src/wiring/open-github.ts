/** What speaks to GitHub. Only ever imported when it is used (build-deployments.ts, build-targets.ts). */

import { appTokens, type GitHubApp } from '../adapters/github/app-auth.ts';
import { connectGitHub, type GitHub } from '../adapters/github/client.ts';
import { gitHubDeployments } from '../adapters/github/deployments.ts';
import { rollbackWorkflow } from '../adapters/github/rollback-workflow.ts';
import type { WorkflowOptions } from '../adapters/github/workflow-options.ts';
import { workflowTarget } from '../adapters/github/workflow-target.ts';
import { randomIds } from '../adapters/random-ids.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { TargetConfig } from '../config/schema.ts';
import type { Deployments } from '../ports/deployments.ts';
import type { RollbackWorkflow } from '../ports/rollback-workflow.ts';
import type { Target } from '../ports/target.ts';
import type { GitHubAccess } from './github-access.ts';

export type WorkflowTargetConfig = Extract<TargetConfig, { kind: 'workflow' }>;

/** What the configuration says beside the target itself. */
type Surroundings = Pick<
  WorkflowOptions,
  'name' | 'repository' | 'environment' | 'places' | 'isRelease' | 'stateDirectory' | 'onOutput'
>;

function connect(access: GitHubAccess): GitHub {
  return connectGitHub({ ...access, clock: systemClock, ids: randomIds });
}

export function openGitHubDeployments(
  access: GitHubAccess,
  repository: string,
  environment: string,
): Deployments {
  return gitHubDeployments({ github: connect(access), repository, environment });
}

export function openWorkflowTarget(
  access: GitHubAccess,
  { file, ref, inputs, run_name: runName, live_from: liveFrom, timeout }: WorkflowTargetConfig,
  surroundings: Surroundings,
): Target {
  return workflowTarget({
    ...surroundings,
    github: connect(access),
    file,
    ref,
    inputs,
    runName,
    liveFrom,
    timeoutMs: timeout,
    clock: systemClock,
  });
}

export function openRollbackWorkflow(
  access: GitHubAccess,
  place: { repository: string; file: string },
): RollbackWorkflow {
  return rollbackWorkflow({ ...place, github: connect(access), clock: systemClock });
}

export function openApp(app: GitHubApp): () => Promise<string> {
  return appTokens(app);
}
