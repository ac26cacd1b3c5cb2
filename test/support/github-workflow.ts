/** A deploy workflow on the GitHub of tests, and the target over it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { WorkflowOptions } from '../../src/adapters/github/workflow-options.ts';
import { workflowTarget } from '../../src/adapters/github/workflow-target.ts';
import { parseVersion } from '../../src/model/version.ts';
import type { DeployGuard, ReleaseRef, Target } from '../../src/ports/target.ts';
import { FILE, gitHubFixture, type GitHubFixture } from './github-fixture.ts';
import type { Run } from './github-shapes.ts';
import { REPOSITORY } from './github-server.ts';

export interface WorkflowFixture extends GitHubFixture {
  target: Target;
  /** What this machine remembers. */
  stateDirectory: string;
  /** What was told to people. */
  lines: string[];
  /** Another target over the same workflow, as another process on this machine has it. */
  another(more?: Partial<WorkflowOptions>): Target;
  /** The same on a machine that knows nothing of what was started here. */
  elsewhere(more?: Partial<WorkflowOptions>): Promise<Target>;
  /** A run that the team started, to its end; without `conclusion` it stays under way. */
  deployedBySomebodyElse(release: Pick<ReleaseRef, 'tag'>, conclusion?: 'success' | 'failure'): Run;
  /** Runs that Backout started, oldest first. */
  ours(): Run[];
}

export const GOOD = { tag: 'v1.1.0', commit: 'a1'.repeat(20) };
export const BAD = { tag: 'v1.2.0', commit: 'b2'.repeat(20) };
export const NEWER = { tag: 'v1.3.0', commit: 'c3'.repeat(20) };

export function guard(fence = 1, signal = new AbortController().signal): DeployGuard {
  return { fence, incident: 'incident1', signal };
}

/** BAD is live, deployed by the team's own workflow. */
export async function badIsLive(
  more: Parameters<typeof workflowFixture>[0] = {},
): Promise<WorkflowFixture> {
  const at = await workflowFixture(more);
  for (const release of [GOOD, BAD, NEWER]) await at.publish(release);
  at.deployedBySomebodyElse(GOOD, 'success');
  at.deployedBySomebodyElse(BAD, 'success');
  return at;
}

/** What `run_name` has to be for the workflow of the fixture. */
export const RUN_NAME = 'Deploy {tag} to {environment} {incident} {fence}';

/** @param more settings of the target; `answerMs` is of the client */
export async function workflowFixture({
  answerMs = 5_000,
  ...more
}: Partial<WorkflowOptions> & { answerMs?: number } = {}): Promise<WorkflowFixture> {
  const fixture = await gitHubFixture({ answerMs });
  const { actions, github } = fixture;
  const folders: string[] = [];
  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), 'backout-workflow-'));
    folders.push(made);
    return made;
  };
  const stateDirectory = await folder();
  const lines: string[] = [];
  const another = (others: Partial<WorkflowOptions> = {}): Target =>
    workflowTarget({
      name: 'web',
      github,
      repository: REPOSITORY,
      file: FILE,
      ref: 'tag',
      inputs: {
        tag: '{tag}',
        environment: '{environment}',
        incident: '{incident}',
        fence: '{fence}',
      },
      places: { service: 'shop', environment: 'production', target: 'web' },
      runName: RUN_NAME,
      liveFrom: 'deployments',
      environment: 'production',
      isRelease: (name) => parseVersion(name, 'v*', 'semver') !== undefined,
      stateDirectory,
      timeoutMs: 20_000,
      clock: systemClock,
      pollMs: 10,
      onOutput: (line) => lines.push(line),
      ...more,
      ...others,
    });
  return {
    ...fixture,
    target: another(),
    stateDirectory,
    lines,
    another,
    elsewhere: async (others) => another({ stateDirectory: await folder(), ...others }),
    deployedBySomebodyElse({ tag }, conclusion) {
      const inputs = { tag, environment: 'production' };
      const run = actions.start({ file: FILE, ref: tag, actor: 'kim', inputs });
      if (conclusion !== undefined) actions.finish(run, conclusion);
      return run;
    },
    ours: () => actions.runs.filter(({ actor }) => actor === 'backout-bot'),
    async [Symbol.asyncDispose]() {
      for (const one of folders) await rm(one, { recursive: true, force: true });
      await fixture[Symbol.asyncDispose]();
    },
  };
}
