import { type EnvironmentVariables, readGitHub } from '../config/environment.ts';
import type { SelectedConfig } from '../config/select.ts';
import type { Deployments } from '../ports/deployments.ts';
import { gitHubAccess } from './github-access.ts';

/**
 * What GitHub knows of deployments to this environment. The client is loaded, and the token looked
 * for, when it is first asked: whoever only makes safe needs neither.
 * @returns undefined where no repository on GitHub is named, or nothing says with which token
 */
export function buildDeployments(
  { repository, environment }: SelectedConfig,
  variables: EnvironmentVariables,
): Deployments | undefined {
  const { github: name } = repository;
  const { token: reference, environment: there = environment.name } = environment.github;
  if (name === undefined) return undefined;
  if (reference === undefined && readGitHub(variables).token === undefined) return undefined;
  return {
    source: 'GitHub',
    async newest(limit, signal) {
      const access = gitHubAccess(reference, variables);
      const { openGitHubDeployments } = await import('./open-github.ts');
      return await openGitHubDeployments(access, name, there).newest(limit, signal);
    },
  };
}
