/** Who may be given level application here. Only ever imported where automation may ask for it. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientSettings } from '../adapters/aws/clients.ts';
import { lambdaRunner } from '../adapters/aws/start-runner.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { readGitHub } from '../config/environment.ts';
import { functionAddress } from '../config/resource-names.ts';
import type { SelectedConfig } from '../config/select.ts';
import { describeCause } from '../model/error.ts';
import type { HandOverRequest } from '../model/hand-over.ts';
import type { Scope } from '../model/scope.ts';
import { handOver } from '../operations/hand-over.ts';
import type { RollbackRunner } from '../ports/rollback-runner.ts';
import type { RollbackWorkflow } from '../ports/rollback-workflow.ts';
import type { HandOver } from './build-clock-work.ts';
import { handOverAccess } from './github-access.ts';
import { mainRegion } from './parameter-store.ts';

type Configured = Pick<SelectedConfig, 'service' | 'environment' | 'repository'>;

/**
 * First the team's workflow, where a repository on GitHub and a way to ask it are named; then the
 * function `runner`, where the state is on AWS.
 */
export function makeHandOver(
  config: Configured,
  scope: Scope,
  variables: EnvironmentVariables,
): HandOver {
  return async (steps, { incident, rule, reason, actor }, to) => {
    const workflow = openWorkflow(config, variables);
    const runner = openRunner(config, scope, variables);
    const request: HandOverRequest = { ...scope, incident, to, rule, reason, actor };
    return await handOver(
      steps,
      {
        ...(workflow === undefined ? {} : { workflow }),
        ...(runner === undefined ? {} : { runner }),
        startWithinMs: config.environment.github.start_within,
      },
      request,
    );
  };
}

function openWorkflow(
  { environment, repository }: Configured,
  variables: EnvironmentVariables,
): RollbackWorkflow | undefined {
  const { github: name } = repository;
  const { token, app_id: app, workflow: file } = environment.github;
  const isNamed = token !== undefined || app !== undefined;
  if (name === undefined) return undefined;
  if (!isNamed && readGitHub(variables).token === undefined) return undefined;
  // Opened when it is asked: a secret that is missing must not keep the runner from starting.
  const open = async (): Promise<RollbackWorkflow> => {
    const { openRollbackWorkflow } = await import('./open-github.ts');
    return openRollbackWorkflow(await handOverAccess(environment.github, name, variables), {
      repository: name,
      file,
    });
  };
  return {
    async dispatch(request) {
      try {
        return await (await open()).dispatch(request);
      } catch (error) {
        return { problem: `GitHub cannot be asked: ${describeCause(error)}`, mayRun: false };
      }
    },
    look: async (run) => await (await open()).look(run),
    async cancel(run) {
      try {
        return await (await open()).cancel(run);
      } catch {
        return 'unknown';
      }
    },
  };
}

function openRunner(
  { environment }: Configured,
  scope: Scope,
  variables: EnvironmentVariables,
): RollbackRunner | undefined {
  if (environment.state.kind === 'embedded') return undefined;
  const region = mainRegion(environment, variables);
  const client = new LambdaClient(clientSettings({ region, tries: 2 }));
  return lambdaRunner({ client, address: functionAddress(scope, 'runner') });
}
