import type { WorkflowOptions } from '../../src/adapters/github/workflow-options.ts';
import { workflowFixture } from '../support/github-workflow.ts';
import { targetContract } from './target.contract.ts';

/** What the setting says which release is live, and whether runs have a name that says it. */
const WAYS: [string, Partial<WorkflowOptions>][] = [
  ['workflow, by deployments', {}],
  ['workflow, by deployments, runs without a name', { runName: undefined }],
  ['workflow, by runs', { liveFrom: 'runs' }],
  ['workflow, by runs without a name', { liveFrom: 'runs', runName: undefined }],
];

for (const [name, options] of WAYS) {
  targetContract(name, async () => {
    const fixture = await workflowFixture(options);
    // Whoever goes by runs has a workflow that names no environment.
    if (options.liveFrom === 'runs') fixture.actions.environment = undefined;
    return {
      target: fixture.target,
      publish: (release) => fixture.publish(release),
      changes: () => fixture.actions.live,
      makeSlow() {
        fixture.actions.course.queued = Number.MAX_SAFE_INTEGER;
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
    };
  });
}
