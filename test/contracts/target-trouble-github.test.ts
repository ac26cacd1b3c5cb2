import { TOKEN } from '../support/github-fixture.ts';
import { refuseNext, tooFast } from '../support/github-faults.ts';
import { REPOSITORY } from '../support/github-server.ts';
import { RUN_NAME, workflowFixture } from '../support/github-workflow.ts';
import { until } from '../support/until.ts';
import {
  BAD,
  FAILED,
  GOOD,
  guard,
  NEVER_LET_IN,
  OVERTAKEN,
  SOMEBODY,
  targetTroubleContract,
  THEIRS,
  UNCERTAIN,
} from './target-trouble.contract.ts';

/** Longer than any test looks. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** A workflow by which BAD was deployed; the runs that ended well are the witness. */
async function workflow() {
  // Called `api`, as the process that is killed calls it: the two share what this machine knows.
  const at = await workflowFixture({ name: 'api' });
  for (const release of [GOOD, BAD, THEIRS]) await at.publish(release);
  at.deployedBySomebodyElse(BAD, 'success');
  const { actions, server } = at;
  const earlier = actions.live.length;
  const ours = () => at.ours().at(-1);
  return {
    ...at,
    effects: () => actions.live.slice(earlier),
    starts: () => server.of('POST dispatches').length,
    begun: () => until('the run works', () => ours()?.status === 'in_progress'),
    /** Something happens right before the next start of a run; ours then waits in the queue. */
    beforeStart(happens: () => unknown) {
      let isFirst = true;
      server.use(async (call, next) => {
        if (call.operation !== 'POST dispatches' || !isFirst) return await next();
        isFirst = false;
        await happens();
        actions.course.queued = FOR_EVER;
        return await next();
      });
    },
    goOn() {
      actions.course = { ...actions.course, queued: 0, working: 0, conclusion: 'success' };
      for (const run of at.ours()) run.course = { ...run.course, working: 0 };
    },
    settings: {
      target: {
        kind: 'workflow',
        repository: REPOSITORY,
        file: 'deploy.yml',
        run_name: RUN_NAME,
        inputs: {
          tag: '{tag}',
          environment: '{environment}',
          incident: '{incident}',
          fence: '{fence}',
        },
      },
      stateDirectory: at.stateDirectory,
      variables: { GITHUB_API_URL: server.url, GITHUB_TOKEN: TOKEN },
    },
  };
}

targetTroubleContract('workflow', workflow, {
  // The newer holder is on another machine: the names of the runs say that it was there.
  'a newer rollback that takes over in the middle': {
    async begin(at) {
      const newer = await at.elsewhere();
      at.beforeStart(() => newer.apply(THEIRS, guard(9)));
    },
    ...OVERTAKEN,
    saw: {
      of: (at) => at.ours().map(({ conclusion }) => conclusion),
      is: ['success', 'cancelled'],
    },
  },
  'a deployment by somebody else in the middle': {
    begin: (at) => at.beforeStart(() => at.deployedBySomebodyElse(THEIRS, 'success')),
    ends: SOMEBODY,
    live: THEIRS,
    effects: [THEIRS.tag],
    end: (at) => at.goOn(),
    // Whoever starts again does so knowing it.
    resumed: [THEIRS.tag, GOOD.tag],
  },
  'throttling that ends': {
    begin: (at) => at.server.use(refuseNext('POST dispatches', 2, tooFast(0))),
    live: GOOD,
    effects: [GOOD.tag],
    tries: { of: (at) => at.starts(), are: 3 },
    resumed: [GOOD.tag],
  },
  'throttling without end': {
    begin: (at) => at.server.use(refuseNext('POST dispatches', FOR_EVER, tooFast(0))),
    ...NEVER_LET_IN,
    tries: { of: (at) => at.starts(), are: 3 },
  },
  'a partial failure': {
    begin: (at) => (at.actions.course.conclusion = 'failure'),
    ends: FAILED,
    // What was there before counts, or it could not be resumed.
    live: BAD,
    effects: [],
    end: (at) => at.goOn(),
    resumed: [GOOD.tag],
  },
  'a timeout after the change was made': {
    begin: (at) => (at.actions.course.working = FOR_EVER),
    cutAt: (at) => at.begun(),
    ends: UNCERTAIN,
    live: BAD,
    effects: [],
    end: (at) => at.goOn(),
    resumed: [GOOD.tag],
    // The same run is followed: no second one.
    saw: { of: (at) => at.starts(), is: 1 },
  },
  'a kill in the middle': {
    begin: (at) => (at.actions.course.working = FOR_EVER),
    cutAt: (at) => at.begun(),
    live: BAD,
    effects: [],
    end: (at) => at.goOn(),
    resumed: [GOOD.tag],
    saw: { of: (at) => at.starts(), is: 1 },
  },
});
