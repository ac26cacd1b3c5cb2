/** The rollback workflow of a team, on a GitHub that has good days and bad ones. */
import { describe, expect, test } from 'vitest';
import { rollbackWorkflow } from '../../../src/adapters/github/rollback-workflow.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type { RollbackWorkflow } from '../../../src/ports/rollback-workflow.ts';
import { dropAfter, dropBefore, refuseNext, tooFast } from '../../support/github-faults.ts';
import { FILE, gitHubFixture, type GitHubFixture } from '../../support/github-fixture.ts';
import { REPOSITORY } from '../../support/github-server.ts';

const REQUEST = {
  service: 'shop',
  environment: 'production',
  incident: '20250112-0300-alarm',
  to: 'v1.1.0',
  rule: 'critical-errors',
  reason: 'error rate 12 %',
  actor: 'on-alarm',
};
const WORKFLOW = `
name: Rollback
run-name: Rollback \${{ inputs.level }} \${{ inputs.environment }} \${{ inputs.incident }}
on:
  workflow_dispatch:
    inputs: { level: {}, environment: {}, incident: {}, version: {}, reason: {} }
jobs: {}
`;
const CAPS = { ask: 1_500, appear: 600, look: 500, cancel: 1_000 };

async function site(workflow = WORKFLOW): Promise<GitHubFixture & { workflow: RollbackWorkflow }> {
  const at = await gitHubFixture({ answerMs: 400 });
  await at.publish({ tag: 'v1.2.0', commit: 'b2'.repeat(20) }, workflow);
  at.actions.environment = undefined;
  at.actions.course.queued = 50;
  const options = { github: at.github, repository: REPOSITORY, file: FILE, clock: systemClock };
  return { ...at, workflow: rollbackWorkflow({ ...options, caps: CAPS, pollMs: 20 }) };
}

const elsewhere = { status: 500, message: 'Server Error' };

describe('Asking for a run of the rollback workflow', () => {
  test('starts one at the default branch, with what it needs to know', async () => {
    await using at = await site();
    const asked = await at.workflow.dispatch(REQUEST);
    const [run] = at.actions.runs;
    expect(asked).toMatchObject({
      run: { id: run?.id, url: expect.stringContaining(String(run?.id)) as string },
    });
    expect(at.server.of('POST dispatches').map(({ body }) => body)).toEqual([
      {
        ref: 'main',
        inputs: {
          level: 'application',
          environment: 'production',
          incident: REQUEST.incident,
          version: 'v1.1.0',
          reason: REQUEST.reason,
        },
        return_run_details: true,
      },
    ]);
  });

  test('takes the run that has this incident already, and starts no second one', async () => {
    await using at = await site();
    const first = await at.workflow.dispatch(REQUEST);
    expect(await at.workflow.dispatch(REQUEST)).toEqual(first);
    expect(at.actions.runs).toHaveLength(1);
  });

  test('does not take a run of another level, of another incident, or one that is over', async () => {
    await using at = await site();
    const { environment, incident, reason } = REQUEST;
    const inputs = { level: 'application', environment, incident, reason };
    const start = (more: Record<string, string>) =>
      at.actions.start({ file: FILE, ref: 'main', actor: 'kim', inputs: { ...inputs, ...more } });
    start({ level: 'flags' });
    start({ incident: `${incident}-2` });
    at.actions.finish(start({}), 'success');
    await at.workflow.dispatch(REQUEST);
    expect(at.server.of('POST dispatches')).toHaveLength(1);
    expect(at.actions.runs).toHaveLength(4);
  });

  test.each(['nothing', 'refuses-details'] as const)(
    'finds the run by its name where the server says %s of it',
    async (answers) => {
      await using at = await site();
      at.actions.answers = answers;
      const asked = await at.workflow.dispatch(REQUEST);
      expect(asked).toMatchObject({ run: { id: at.actions.runs[0]?.id } });
      expect(at.actions.runs).toHaveLength(1);
    },
  );

  test('finds the run by its name when the answer was lost', async () => {
    await using at = await site();
    at.server.use(dropAfter('POST dispatches', 1));
    const asked = await at.workflow.dispatch(REQUEST);
    expect(asked).toMatchObject({ run: { id: at.actions.runs[0]?.id } });
    expect(at.server.of('POST dispatches')).toHaveLength(1);
  });

  test('does not know whether one runs when the question was lost', async () => {
    await using at = await site();
    at.server.use(dropBefore('POST dispatches', 1));
    expect(await at.workflow.dispatch(REQUEST)).toMatchObject({ mayRun: true });
    expect(at.actions.runs).toEqual([]);
  });

  test('does not know whether one runs when names of runs do not say so', async () => {
    await using at = await site(WORKFLOW.replace(/run-name.*\n/, ''));
    at.server.use(dropAfter('POST dispatches', 1));
    expect(await at.workflow.dispatch(REQUEST)).toMatchObject({ mayRun: true });
    expect(at.server.of('POST dispatches')).toHaveLength(1);
  });

  test.each([
    ['down', refuseNext('GET runs', 99, elsewhere)],
    ['too busy', refuseNext('GET runs', 99, tooFast(30))],
    ['closed to us', refuseNext('GET runs', 99, { status: 403, message: 'Forbidden' })],
    ['dead', dropBefore('GET runs', 99)],
    [
      'refusing it',
      refuseNext('POST dispatches', 1, { status: 422, message: 'disabled workflow' }),
    ],
  ])('gives up soon when GitHub is %s, and knows that nothing runs', async (_how, fault) => {
    await using at = await site();
    at.server.use(fault);
    const began = performance.now();
    const asked = await at.workflow.dispatch(REQUEST);
    expect(asked).toMatchObject({
      mayRun: false,
      problem: expect.stringContaining(FILE) as string,
    });
    expect(performance.now() - began).toBeLessThan(4_000);
    expect(at.actions.runs).toEqual([]);
  });

  test('gives up soon when GitHub hangs', async () => {
    await using at = await site();
    at.server.use((_call, _next, gone) => {
      return new Promise((resolve) => {
        gone.addEventListener('abort', () => resolve('drop'), { once: true });
      });
    });
    const began = performance.now();
    expect(await at.workflow.dispatch(REQUEST)).toMatchObject({ mayRun: false });
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});

describe('A run of the rollback workflow', () => {
  test.each([
    ['waits in the queue', 9, false, 'waiting'],
    ['waits for an approval', 0, true, 'waiting'],
    ['is under way', 0, false, 'running'],
  ] as const)('%s', async (_how, queued, approval, expected) => {
    await using at = await site();
    at.actions.course = { queued, working: 9, conclusion: 'success', approval };
    const run = at.actions.start({ file: FILE, ref: 'main', actor: 'x' });
    expect(await at.workflow.look({ id: run.id })).toBe(expected);
  });

  test.each([
    ['success', 'succeeded'],
    ['failure', 'failed'],
    ['cancelled', 'ended'],
  ] as const)('that is over with %s has %s', async (conclusion, expected) => {
    await using at = await site();
    const run = at.actions.start({ file: FILE, ref: 'main', actor: 'x' });
    at.actions.finish(run, conclusion);
    expect(await at.workflow.look({ id: run.id })).toBe(expected);
  });

  test('is cancelled as long as it has not begun', async () => {
    await using at = await site();
    const run = at.actions.start({ file: FILE, ref: 'main', actor: 'x' });
    expect(await at.workflow.cancel({ id: run.id })).toBe('ended');
    expect(run).toMatchObject({ status: 'completed', conclusion: 'cancelled' });
  });

  test('is left alone once it has begun', async () => {
    await using at = await site();
    at.actions.course.queued = 0;
    const run = at.actions.start({ file: FILE, ref: 'main', actor: 'x' });
    expect(await at.workflow.cancel({ id: run.id })).toBe('begun');
    expect(at.server.of('POST cancel')).toEqual([]);
  });

  test('may begin later when it cannot be cancelled', async () => {
    await using at = await site();
    const run = at.actions.start({ file: FILE, ref: 'main', actor: 'x' });
    at.server.use(refuseNext('POST cancel', 99, elsewhere));
    expect(await at.workflow.cancel({ id: run.id })).toBe('unknown');
  });
});
