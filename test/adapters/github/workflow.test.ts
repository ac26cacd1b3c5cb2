import { describe, expect, it } from 'vitest';
import { failureOf } from '../../support/failure.ts';
import { happensBefore } from '../../support/github-faults.ts';
import {
  BAD,
  badIsLive,
  GOOD,
  guard,
  NEWER,
  type workflowFixture,
} from '../../support/github-workflow.ts';
import { until } from '../../support/until.ts';

const { signal } = new AbortController();

describe('A rollback by workflow', () => {
  it('starts one run at the tag with what the workflow needs to know, and follows it', async () => {
    await using at = await badIsLive();
    at.actions.course.queued = 2;
    await at.target.preflight(GOOD);
    await at.target.apply(GOOD, guard(7));
    expect(at.server.of('POST dispatches').map(({ body }) => body)).toEqual([
      {
        ref: 'v1.1.0',
        inputs: { tag: 'v1.1.0', environment: 'production', incident: 'incident1', fence: '7' },
        return_run_details: true,
      },
    ]);
    const [run] = at.ours();
    expect(run).toMatchObject({ title: 'Deploy v1.1.0 to production incident1 7' });
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
    expect(at.lines).toEqual([
      expect.stringContaining(`Run ${run?.id} of deploy.yml was started at v1.1.0`),
      expect.stringContaining('in the queue'),
      expect.stringContaining('under way'),
      expect.stringContaining('ended with success'),
    ]);
  });

  it('runs the file of the default branch where backout.yml says so, and gives the tag as an input', async () => {
    await using at = await badIsLive({ ref: 'default_branch' });
    await at.target.preflight(GOOD);
    await at.target.apply(GOOD, guard());
    expect(at.ours()).toMatchObject([{ ref: 'main', inputs: { tag: 'v1.1.0' } }]);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: GOOD.tag });
  });

  it('gives the run what was recorded of the artefact, and begins nothing where it is not known', async () => {
    await using at = await badIsLive();
    const inputs = { tag: '{tag}', environment: '{artefact}' };
    const target = at.another({ inputs, runName: undefined });
    const missing = { code: 'E_ARTEFACT_MISSING', kind: 'refused' };
    expect(await failureOf(target.preflight(GOOD))).toMatchObject(missing);
    expect(await failureOf(target.apply(GOOD, guard()))).toMatchObject(missing);
    expect(at.ours()).toEqual([]);
    await target.apply({ ...GOOD, artefact: 'sha256:abc' }, guard());
    expect(at.ours()).toMatchObject([{ inputs: { tag: 'v1.1.0', environment: 'sha256:abc' } }]);
  });

  it.each(['nothing', 'refuses-details'] as const)(
    'works with an older server too: %s',
    async (answers) => {
      await using at = await badIsLive();
      at.actions.answers = answers;
      await at.target.apply(GOOD, guard());
      expect(at.ours()).toHaveLength(1);
      expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
    },
  );

  it('that waits for approval says so, goes on when it is given, and starts nothing else', async () => {
    await using at = await badIsLive();
    at.actions.course.approval = true;
    const applying = at.target.apply(GOOD, guard());
    await until('people are told', () => at.lines.some((line) => line.includes('approves')));
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
    const [run] = at.ours();
    if (run !== undefined) at.actions.approve(run);
    await applying;
    expect(at.ours()).toHaveLength(1);
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });
});

describe('Our time is over', () => {
  it('while the run waits for approval: it is cancelled, and must not deploy unwatched', async () => {
    await using at = await badIsLive({ timeoutMs: 600 });
    at.actions.course.approval = true;
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'failed', retryable: true });
    expect(error.message).toContain('waits until somebody approves it');
    expect(error.message).toContain(`/actions/runs/${at.ours()[0]?.id}`);
    expect(error.state).toContain('was cancelled');
    expect(at.ours()).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }]);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
  });

  it('while the run is in the queue: likewise, and a later try starts a new one', async () => {
    await using at = await badIsLive({ timeoutMs: 600 });
    at.actions.course.queued = Number.MAX_SAFE_INTEGER;
    await failureOf(at.target.apply(GOOD, guard()));
    expect(at.actions.live.at(-1)).toBe(BAD.tag);
    at.actions.course.queued = 0;
    await at.another({ timeoutMs: 20_000 }).apply(GOOD, guard());
    expect(at.ours().map(({ conclusion }) => conclusion)).toEqual(['cancelled', 'success']);
  });

  it('while the run works: it is left alone, the outcome is unknown, and a resume follows it', async () => {
    await using at = await badIsLive({ timeoutMs: 600 });
    at.actions.course.working = Number.MAX_SAFE_INTEGER;
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain' });
    expect(at.server.of('POST cancel')).toEqual([]);
    // What has to go counts as live, or the rollback could not be resumed.
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
    const [run] = at.ours();
    if (run !== undefined) run.course.working = 2;
    await at.another({ timeoutMs: 20_000 }).apply(GOOD, guard());
    expect(at.ours()).toHaveLength(1);
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('before GitHub has answered: a run that began all the same is ended', async () => {
    await using at = await badIsLive();
    at.actions.course.queued = Number.MAX_SAFE_INTEGER;
    at.server.use(async (call, next, gone) => {
      const answered = await next();
      if (call.operation !== 'POST dispatches') return answered;
      await new Promise((resolve) => gone.addEventListener('abort', resolve, { once: true }));
      return 'drop';
    });
    const stop = new AbortController();
    const applying = failureOf(at.target.apply(GOOD, guard(1, stop.signal)));
    await until('the run is there', () => at.ours().length === 1);
    stop.abort(new Error('Ctrl-C'));
    expect(await applying).toMatchObject({ code: 'E_DEPLOY', kind: 'uncertain' });
    expect(at.ours()).toMatchObject([{ conclusion: 'cancelled' }]);
  });
});

/** A run of ours is under way, and whoever started it is gone. */
async function killed(more: Parameters<typeof workflowFixture>[0] = {}) {
  const at = await badIsLive(more);
  at.actions.course.working = Number.MAX_SAFE_INTEGER;
  const stop = new AbortController();
  const applying = failureOf(at.target.apply(GOOD, guard(1, stop.signal)));
  await until('the run works', () => at.ours()[0]?.status === 'in_progress');
  stop.abort(new Error('killed'));
  await applying;
  return at;
}

describe('A process that was killed', () => {
  it('is followed by another on the same machine: it finds the run, and starts none', async () => {
    await using at = await killed({ runName: undefined });
    const next = at.another();
    expect(await next.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
    const [run] = at.ours();
    if (run !== undefined) run.course.working = 1;
    await next.apply(GOOD, guard());
    expect(at.ours()).toHaveLength(1);
    expect(await next.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('is followed by another on another machine, by the name of the run', async () => {
    await using at = await killed();
    const next = await at.elsewhere();
    expect(await next.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
    const [run] = at.ours();
    if (run !== undefined) run.course.working = 1;
    await next.apply(GOOD, guard());
    expect(at.ours()).toHaveLength(1);
  });

  it('leaves a state that another machine calls unknown, where runs have no name', async () => {
    await using at = await killed({ runName: undefined });
    const next = await at.elsewhere();
    expect(await next.current(signal)).toMatchObject({
      known: false,
      problem: expect.stringContaining('is bringing v1.1.0') as string,
    });
  });
});

describe('Somebody else', () => {
  it('deploying when we come: HALT before anything is started, and they are named', async () => {
    await using at = await badIsLive();
    const run = at.deployedBySomebodyElse(NEWER);
    run.course.working = Number.MAX_SAFE_INTEGER;
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_TARGET_CHANGED', kind: 'refused', retryable: false });
    expect(error.message).toContain(`run ${run.id} of kim`);
    expect(error.message).toContain('v1.3.0');
    expect(at.ours()).toEqual([]);
  });

  it('deploying between preflight and the change is noticed too', async () => {
    await using at = await badIsLive();
    await at.target.preflight(GOOD);
    at.deployedBySomebodyElse(NEWER, 'success');
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_TARGET_CHANGED' });
    expect(at.ours()).toEqual([]);
    // Whoever looks at it and starts again, does so on the new ground.
    await at.target.apply(GOOD, guard());
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it.each(['deployments', 'runs'] as const)(
    'deploying while ours is under way: HALT, and nothing is called done (%s)',
    async (liveFrom) => {
      await using at = await badIsLive({ liveFrom });
      at.server.use(happensBefore('GET run', () => at.deployedBySomebodyElse(NEWER, 'success')));
      const error = await failureOf(at.target.apply(GOOD, guard()));
      expect(error).toMatchObject({ code: 'E_TARGET_CHANGED', kind: 'uncertain' });
      expect(error.message).toContain('v1.3.0');
      expect(error.state).toContain(`Our run ${at.ours()[0]?.id} had begun`);
    },
  );

  it('deploying between our look and our start: our run is taken back while it can be', async () => {
    await using at = await badIsLive();
    at.actions.course.queued = 100;
    at.server.use(
      happensBefore('POST dispatches', () => at.deployedBySomebodyElse(NEWER, 'success')),
    );
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_TARGET_CHANGED', kind: 'refused' });
    expect(at.ours()).toMatchObject([{ conclusion: 'cancelled' }]);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: NEWER.tag });
  });

  it('with a newer lease going by between our look and our start: likewise', async () => {
    await using at = await badIsLive();
    const newer = await at.elsewhere();
    let isFirst = true;
    at.server.use(async (call, next) => {
      if (call.operation !== 'POST dispatches' || !isFirst) return await next();
      isFirst = false;
      await newer.apply(NEWER, guard(9));
      at.actions.course.queued = 100;
      return await next();
    });
    const error = await failureOf(at.target.apply(GOOD, guard(8)));
    expect(error).toMatchObject({ code: 'E_FENCED', kind: 'refused' });
    expect(at.ours()).toMatchObject([{ conclusion: 'success' }, { conclusion: 'cancelled' }]);
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: NEWER.tag });
  });

  it.each([
    ['before a machine takes our run: it is cancelled', 100, 'refused', 'cancelled'],
    ['and our run begins: that is said, and is no success', 0, 'uncertain', 'success'],
  ] as const)('moving the tag after preflight, %s', async (_, queued, kind, conclusion) => {
    await using at = await badIsLive();
    at.actions.course = { ...at.actions.course, queued, working: 3 };
    await at.target.preflight(GOOD);
    at.server.use(async (call, next) => {
      if (call.operation === 'POST dispatches') {
        await at.publish({ tag: GOOD.tag, commit: 'd4'.repeat(20) });
      }
      return await next();
    });
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_TAG_MOVED', kind });
    await until('the run is over', async () => {
      await at.target.current(signal);
      return at.ours()[0]?.conclusion === conclusion;
    });
    expect(await at.target.current(signal)).not.toMatchObject({ known: true, ...GOOD });
  });

  it('deploying the release we want is no reason to stop: their run is followed', async () => {
    await using at = await badIsLive();
    const run = at.deployedBySomebodyElse(GOOD);
    await at.target.apply(GOOD, guard());
    expect(at.ours()).toEqual([]);
    expect(run.conclusion).toBe('success');
  });

  it('deploying to another environment does not concern us', async () => {
    await using at = await badIsLive();
    const inputs = { tag: NEWER.tag, environment: 'staging' };
    const about = { file: 'deploy.yml', ref: NEWER.tag, actor: 'kim', inputs };
    at.actions.start({ ...about, environment: 'staging' }).course.working = 1_000;
    await at.target.apply(GOOD, guard());
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('deploying another part of the service to the same environment does not concern us', async () => {
    await using at = await badIsLive();
    at.actions.workflows.set('worker.yml', {
      file: 'worker.yml',
      state: 'active',
      texts: new Map(),
    });
    const run = at.actions.start({ file: 'worker.yml', ref: NEWER.tag, actor: 'kim' });
    at.actions.finish(run, 'success');
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
  });

  it('starting an old run again brings its release back, and that is seen', async () => {
    await using at = await badIsLive({ liveFrom: 'runs' });
    const [first] = at.actions.runs;
    if (first !== undefined) {
      first.attempt = 2;
      first.at = new Date(Date.now() + 60_000).toISOString();
    }
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('with a newer lease on another machine has gone by: we are refused', async () => {
    await using at = await badIsLive();
    const newer = await at.elsewhere();
    await newer.apply(GOOD, guard(9));
    const error = await failureOf(at.target.apply(BAD, guard(8)));
    expect(error).toMatchObject({ code: 'E_FENCED', kind: 'refused' });
    expect(error.message).toContain('lease number 9');
    expect(at.ours()).toHaveLength(1);
  });
});

describe('A run that does not end well', () => {
  it('because a job failed: a failure with the job named, and what was live counts as live', async () => {
    await using at = await badIsLive();
    at.actions.course.conclusion = 'failure';
    const error = await failureOf(at.target.apply(GOOD, guard()));
    expect(error).toMatchObject({ code: 'E_DEPLOY', kind: 'failed' });
    expect(error.message).toContain('deploy failure');
    expect(error.state).toContain('Part of v1.1.0 may be on web');
    const live = await at.target.current(signal);
    expect(live).toMatchObject({ known: true, tag: BAD.tag });
    expect(JSON.stringify(live)).toContain('part of it may be there');
    at.actions.course.conclusion = 'success';
    await at.target.apply(GOOD, guard());
    expect(await at.target.current(signal)).toMatchObject({ known: true, ...GOOD });
  });

  it('of somebody else leaves a state that nobody knows', async () => {
    await using at = await badIsLive();
    at.deployedBySomebodyElse(NEWER, 'failure');
    expect(await at.target.current(signal)).toMatchObject({
      known: false,
      problem: expect.stringContaining('was to bring v1.3.0 and failed') as string,
    });
  });

  it('because somebody cancelled it before it began: nothing was touched', async () => {
    await using at = await badIsLive();
    at.actions.course.queued = Number.MAX_SAFE_INTEGER;
    const applying = failureOf(at.target.apply(GOOD, guard()));
    await until('the run is there', () => at.ours().length === 1);
    const [run] = at.ours();
    if (run !== undefined) at.actions.finish(run, 'cancelled');
    const error = await applying;
    expect(error.message).toContain('was cancelled by somebody');
    expect(error.state).toContain('was not touched');
    expect(await at.target.current(signal)).toMatchObject({ known: true, tag: BAD.tag });
  });
});
