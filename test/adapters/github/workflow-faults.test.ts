import { describe, expect, it } from 'vitest';
import { failureOf } from '../../support/failure.ts';
import { dropAfter, dropBefore, refuseNext, tooFast } from '../../support/github-faults.ts';
import { TOKEN, WORKFLOW } from '../../support/github-fixture.ts';
import { BAD, badIsLive, GOOD, guard, workflowFixture } from '../../support/github-workflow.ts';

const { signal } = new AbortController();

describe('A bad day of GitHub', () => {
  it.each([403, 429] as const)(
    'refusing for coming too fast (%i) is waited out',
    async (status) => {
      await using at = await badIsLive();
      at.server.use(refuseNext('POST dispatches', 1, tooFast(1, status)));
      at.server.use(refuseNext('GET run', 2, tooFast(0, status)));
      await at.target.apply(GOOD, guard());
      expect(at.ours()).toHaveLength(1);
      expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
    },
  );

  it('that wants us to wait for longer than we can changes nothing, and may be tried again', async () => {
    await using at = await badIsLive();
    at.server.use(refuseNext('POST dispatches', 9, tooFast(3_600)));
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'failed', retryable: true });
    expect(error.message).toContain('for coming too fast');
    expect(at.ours()).toEqual([]);
  });

  it('a start whose answer got lost is found again, and not made twice', async () => {
    await using at = await badIsLive();
    at.server.use(dropAfter('POST dispatches', 9));
    await at.target.apply(GOOD, guard());
    expect(at.ours()).toHaveLength(1);
    expect(at.server.of('POST dispatches')).toHaveLength(1);
  });

  it('two runs that began while the answer was lost, without a name: ours is not guessed', async () => {
    await using at = await badIsLive({ runName: undefined, liveFrom: 'runs' });
    at.server.use(async (call, next) => {
      if (call.operation !== 'POST dispatches') return await next();
      at.deployedBySomebodyElse(GOOD);
      await next();
      return 'drop';
    });
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain' });
    expect(error.message).toContain('cannot be told');
  });

  it('two runs that began while the answer was lost are told apart by their names', async () => {
    await using at = await badIsLive();
    at.server.use(async (call, next) => {
      if (call.operation !== 'POST dispatches') return await next();
      at.deployedBySomebodyElse(GOOD);
      await next();
      return 'drop';
    });
    await at.target.apply(GOOD, guard());
    expect(at.lines.join()).toContain(`Run ${at.ours()[0]?.id} of deploy.yml was started`);
  });

  it('faults of the server are looked past while we follow', async () => {
    await using at = await badIsLive();
    at.server.use(refuseNext('GET run', 1, { status: 502, message: 'Bad Gateway' }));
    at.server.use(dropBefore('GET runs', 1));
    await at.target.apply(GOOD, guard());
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('what cannot be read is not known, and no start follows from it', async () => {
    await using at = await badIsLive();
    at.server.use(refuseNext('GET runs', 99, { status: 503, message: 'Unavailable' }));
    expect(await at.target.current(signal)).toMatchObject({ known: false });
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain' });
    expect(at.ours()).toEqual([]);
  });

  it('an answer that never comes is given up after its cap', async () => {
    await using at = await badIsLive({ answerMs: 100 });
    at.server.use(async (call, next, gone) => {
      if (call.operation !== 'GET runs') return await next();
      await new Promise((resolve) => gone.addEventListener('abort', resolve, { once: true }));
      return 'drop';
    });
    expect(await at.target.current(signal)).toMatchObject({ known: false });
  });
});

describe('What GitHub refuses', () => {
  it.each([
    [403, 'Resource not accessible by integration', 'actions: write'],
    [404, 'Not Found', 'may see this repository'],
    [422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow", 'gh workflow enable'],
    [422, "Workflow does not have 'workflow_dispatch' trigger", 'ref: default_branch'],
    [422, 'Unexpected inputs provided: ["stage"]', 'inputs'],
    [403, 'Repository rule violations found: workflow_dispatch is not allowed', 'rules'],
    [401, 'Bad credentials', 'a token that is valid'],
  ])('a start, with %i %s: it is said what to do', async (status, message, remedy) => {
    await using at = await badIsLive();
    const headers = { 'x-accepted-github-permissions': 'actions=write' };
    at.server.use(refuseNext('POST dispatches', 9, { status, message, headers }));
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'failed', retryable: false });
    expect(error.message).toContain(message);
    expect(error.remedy).toContain(remedy);
    expect(error.state).toContain('changed nothing');
    expect(at.server.of('POST dispatches')).toHaveLength(1);
  });

  it('a token that may only read can assess, and is told what a start needs', async () => {
    await using at = await badIsLive();
    const caller = at.actions.callers.get(TOKEN);
    if (caller !== undefined) caller.permissions['actions'] = 'read';
    await at.target.preflight(GOOD);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error.remedy).toContain('actions: write');
  });
});

describe('Before anything is touched', () => {
  it('a tag that is not on GitHub is refused', async () => {
    await using at = await workflowFixture();
    await at.publish(GOOD);
    const error = await failureOf(at.target.preflight(BAD));
    expect(error).toMatchObject({ code: 'E_ARTEFACT_MISSING', kind: 'refused' });
    expect(error.message).toContain('no such tag');
  });

  it('a tag that was moved on GitHub is refused', async () => {
    await using at = await badIsLive();
    await at.publish({ tag: GOOD.tag, commit: 'd4'.repeat(20) });
    const error = await failureOf(at.target.preflight(GOOD));
    expect(error).toMatchObject({ code: 'E_ARTEFACT_MISSING', kind: 'refused' });
    expect(error.message).toContain('was moved on GitHub');
  });

  it('a release from before the workflow is refused, with the way around', async () => {
    await using at = await workflowFixture();
    await at.publish(GOOD, null);
    const error = await failureOf(at.target.preflight(GOOD));
    expect(error).toMatchObject({ code: 'E_ARTEFACT_MISSING', kind: 'refused' });
    expect(error.remedy).toContain('default_branch');
  });

  it('a workflow that is switched off is refused', async () => {
    await using at = await badIsLive();
    const workflow = at.actions.workflows.get('deploy.yml');
    if (workflow !== undefined) workflow.state = 'disabled_manually';
    const error = await failureOf(at.target.preflight(GOOD));
    expect(error).toMatchObject({ code: 'E_PREFLIGHT', kind: 'refused' });
    expect(error.remedy).toContain('gh workflow enable deploy.yml');
  });

  it.each([
    ['has no trigger for it', WORKFLOW.replace('workflow_dispatch:', 'push:'), 'started by hand'],
    ['lacks one of our inputs', WORKFLOW.replace(/ +incident:.*\n/, ''), 'no input incident'],
    [
      'wants an input that we do not give',
      WORKFLOW.replace('    inputs:', '    inputs:\n      region: { required: true }'),
      'the input region',
    ],
  ])('a workflow that %s at that tag is refused', async (_, text, words) => {
    await using at = await workflowFixture();
    await at.publish(GOOD, text);
    const error = await failureOf(at.target.preflight(GOOD));
    expect(error).toMatchObject({ code: 'E_PREFLIGHT', kind: 'refused' });
    expect(error.message).toContain(words);
  });

  it('a deployment that is under way is told to people', async () => {
    await using at = await badIsLive();
    at.deployedBySomebodyElse(BAD).course.working = 1_000;
    await at.target.preflight(GOOD);
    expect(at.lines).toEqual([expect.stringContaining('is not over yet')]);
  });

  it('no answer is not the answer "missing"', async () => {
    await using at = await badIsLive();
    at.server.use(refuseNext('GET tag', 9, { status: 502, message: 'Bad Gateway' }));
    const error = await failureOf(at.target.preflight(GOOD));
    expect(error).toMatchObject({ code: 'E_PREFLIGHT', kind: 'failed', retryable: true });
  });

  it('a missing permission is named', async () => {
    await using at = await badIsLive();
    const caller = at.actions.callers.get(TOKEN);
    if (caller !== undefined) delete caller.permissions['contents'];
    const error = await failureOf(at.target.preflight(GOOD));
    expect(error).toMatchObject({ code: 'E_PREFLIGHT', retryable: false });
    expect(error.remedy).toContain('contents: read');
  });
});
