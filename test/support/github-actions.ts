/**
 * GitHub Actions and deployments for tests, as the documentation of GitHub describes them: what
 * `emulate` lacks. A run moves on by one stage at each look at it (a run read, a list, its jobs).
 */

import { parse } from 'yaml';
import { refusal } from './github-faults.ts';
import {
  type Course,
  type Deployment,
  HTML,
  type Run,
  showDeployment,
  showJobs,
  showRun,
  showStatus,
} from './github-shapes.ts';
import type { GitHubAnswer, GitHubBehaviour, GitHubCall } from './github-server.ts';

interface Workflow {
  file: string;
  state: string;
  /** Text of the file by commit: which inputs there are, and the run's name. */
  texts: Map<string, string>;
}

/** Who calls, and what that token may do. */
interface Caller {
  login: string;
  permissions: Record<string, 'read' | 'write'>;
}

export interface GitHubActions {
  behaviour: GitHubBehaviour;
  workflows: Map<string, Workflow>;
  /** Oldest first. */
  runs: Run[];
  deployments: Deployment[];
  /** Commit of each branch and tag. */
  refs: Map<string, string>;
  callers: Map<string, Caller>;
  /** What happens to runs that start from now on. */
  course: Course;
  /** Environment that runs deploy to; undefined: their workflow names none. */
  environment: string | undefined;
  /** An older server, which says nothing about the run that it starts, or refuses to be asked. */
  answers: 'details' | 'nothing' | 'refuses-details';
  /** Releases that runs made live, in order: the outside witness. */
  live: string[];
  start(run: {
    file: string;
    ref: string;
    actor: string;
    inputs?: Record<string, string>;
    event?: string;
    environment?: string;
  }): Run;
  /** Ends a run at once. */
  finish(run: Run, conclusion?: Course['conclusion']): void;
  approve(run: Run): void;
  /** A deployment that some tool wrote through the API. */
  deployed(about: {
    environment: string;
    ref: string;
    state: string;
    creator?: string;
    at?: string;
  }): Deployment;
}

export function gitHubActions(now: () => string = () => new Date().toISOString()): GitHubActions {
  let last = 1_000;
  const nextId = (): number => (last += 1);

  const actions: GitHubActions = {
    workflows: new Map(),
    runs: [],
    deployments: [],
    refs: new Map(),
    callers: new Map(),
    course: { queued: 1, working: 1, conclusion: 'success', approval: false },
    environment: 'production',
    answers: 'details',
    live: [],
    behaviour: (call, next) => {
      const refused = mayNot(actions, call);
      return refused === undefined ? answer(call, next) : Promise.resolve(refused);
    },
    start({ file, ref, actor, inputs = {}, event = 'workflow_dispatch', environment }) {
      const sha = actions.refs.get(ref) ?? '';
      const run: Run = {
        id: nextId(),
        file,
        ref,
        sha,
        title: titleOf(actions.workflows.get(file)?.texts.get(sha), inputs, file),
        event,
        actor,
        inputs,
        environment: environment ?? actions.environment,
        status: 'queued',
        conclusion: null,
        started: false,
        course: { ...actions.course },
        at: now(),
      };
      actions.runs.push(run);
      return run;
    },
    finish(run, conclusion = run.course.conclusion) {
      if (conclusion !== 'cancelled') begin(run);
      end(run, conclusion);
    },
    approve(run) {
      run.course.approval = false;
    },
    deployed({ environment, ref, state, creator = 'octo', at = now() }) {
      const sha = actions.refs.get(ref) ?? '';
      const status = { state, log_url: '', at };
      const one = { id: nextId(), environment, ref, sha, creator, at, run: undefined };
      const deployment = { ...one, statuses: [status] };
      actions.deployments.push(deployment);
      return deployment;
    },
  };

  function say(run: Run, state: string): void {
    if (run.environment === undefined) return;
    const known = actions.deployments.find((one) => one.run === run);
    const status = { state, log_url: `${HTML}/actions/runs/${run.id}/job/1`, at: now() };
    if (known !== undefined) {
      known.statuses.push(status);
      return;
    }
    const { environment, ref, sha, actor: creator } = run;
    const one = { id: nextId(), environment, ref, sha, creator, at: now(), run };
    actions.deployments.push({ ...one, statuses: [status] });
  }

  function begin(run: Run): void {
    run.status = 'in_progress';
    run.started = true;
    say(run, 'in_progress');
  }

  function end(run: Run, conclusion: Course['conclusion']): void {
    run.status = 'completed';
    run.conclusion = conclusion;
    // A run that is cancelled before it began leaves no word on its deployment but this.
    if (run.started || actions.deployments.some((one) => one.run === run)) {
      say(run, conclusion === 'success' ? 'success' : 'failure');
    }
    if (conclusion === 'success') actions.live.push(run.inputs['tag'] ?? run.ref);
  }

  /** One look of somebody at a run. */
  function look(run: Run): void {
    const { course } = run;
    if (run.status === 'completed') return;
    if (course.queued > 0) course.queued -= 1;
    else if (course.approval) {
      if (run.status !== 'waiting') say(run, 'waiting');
      run.status = 'waiting';
    } else if (!run.started) begin(run);
    else if (course.working > 0) course.working -= 1;
    else end(run, course.conclusion);
  }

  async function answer(
    call: GitHubCall,
    next: () => Promise<GitHubAnswer>,
  ): Promise<GitHubAnswer> {
    const parts = call.path.split('/');
    const ofRun = actions.runs.find(({ id }) => String(id) === parts[6]);
    switch (call.operation) {
      case 'GET workflow': {
        const found = actions.workflows.get(parts[6] ?? '');
        if (found === undefined) return notFound;
        const { state, file } = found;
        return {
          status: 200,
          body: { id: 7, name: file, path: `.github/workflows/${file}`, state },
        };
      }
      case 'POST dispatches':
        return dispatch(call, parts[6] ?? '');
      case 'GET runs': {
        if (!actions.workflows.has(parts[6] ?? '')) return notFound;
        const ofFile = actions.runs.filter(({ file }) => file === parts[6]);
        const found = ofFile.filter((run) => fits(run, call.query)).toReversed();
        for (const run of found) look(run);
        const size = Number(call.query['per_page'] ?? 30);
        const workflow_runs = found.slice(0, size).map(showRun);
        return { status: 200, body: { total_count: found.length, workflow_runs } };
      }
      case 'GET run':
        if (ofRun === undefined) return notFound;
        look(ofRun);
        return { status: 200, body: showRun(ofRun) };
      case 'GET jobs':
        return ofRun === undefined ? notFound : { status: 200, body: showJobs(ofRun) };
      case 'POST cancel':
        if (ofRun === undefined) return notFound;
        if (ofRun.status === 'completed') {
          return refusal({
            status: 409,
            message: 'Cannot cancel a workflow run that is completed.',
          });
        }
        end(ofRun, 'cancelled');
        return { status: 202, body: {} };
      case 'GET deployments': {
        const { environment, per_page: size = '30' } = call.query;
        const all = actions.deployments.filter(
          (one) => environment === undefined || one.environment === environment,
        );
        return { status: 200, body: all.toReversed().slice(0, Number(size)).map(showDeployment) };
      }
      case 'GET statuses': {
        const found = actions.deployments.find(({ id }) => String(id) === parts[5]);
        if (found === undefined) return notFound;
        const newestFirst = found.statuses
          .toReversed()
          .slice(0, Number(call.query['per_page'] ?? 30));
        return { status: 200, body: newestFirst.map(showStatus) };
      }
      default:
        return await next();
    }
  }

  function dispatch({ body, token }: GitHubCall, file: string): GitHubAnswer {
    const workflow = actions.workflows.get(file);
    if (workflow === undefined) return notFound;
    const ref = String(body['ref']).replace(/^refs\/(heads|tags)\//, '');
    const inputs = body['inputs'] as Record<string, string>;
    const sha = actions.refs.get(ref);
    const text = sha === undefined ? undefined : workflow.texts.get(sha);
    const problem = problemOf(workflow, { ref, sha, text, inputs });
    if (problem !== undefined) return refusal({ status: 422, message: problem });
    if (actions.answers === 'refuses-details' && body['return_run_details'] !== undefined) {
      const message = 'Invalid request.\n\n"return_run_details" is not a permitted key.';
      return refusal({ status: 422, message });
    }
    const actor = actions.callers.get(token)?.login ?? '';
    const run = actions.start({ file, ref, actor, inputs });
    if (actions.answers !== 'details') return { status: 204 };
    const html_url = `${HTML}/actions/runs/${run.id}`;
    return { status: 200, body: { workflow_run_id: run.id, run_url: html_url, html_url } };
  }

  return actions;
}

const notFound = refusal({ status: 404, message: 'Not Found' });

/** What each call needs, as GitHub's reference says. */
const NEEDED: readonly (readonly [string, string, 'read' | 'write'])[] = [
  ['POST dispatches', 'actions', 'write'],
  ['POST cancel', 'actions', 'write'],
  ['GET workflow', 'actions', 'read'],
  ['GET runs', 'actions', 'read'],
  ['GET run', 'actions', 'read'],
  ['GET jobs', 'actions', 'read'],
  ['GET deployments', 'deployments', 'read'],
  ['GET statuses', 'deployments', 'read'],
  ['GET tag', 'contents', 'read'],
  ['GET contents', 'contents', 'read'],
];

function mayNot(
  { callers }: GitHubActions,
  { operation, token }: GitHubCall,
): GitHubAnswer | undefined {
  const caller = callers.get(token);
  if (caller === undefined) return refusal({ status: 401, message: 'Bad credentials' });
  const needed = NEEDED.find(([name]) => name === operation);
  if (needed === undefined) return undefined;
  const [, permission, level] = needed;
  const has = caller.permissions[permission];
  if (has === 'write' || has === level) return undefined;
  return refusal({
    status: 403,
    message: 'Resource not accessible by integration',
    headers: { 'x-accepted-github-permissions': `${permission}=${level}` },
  });
}

interface Asked {
  ref: string;
  sha: string | undefined;
  text: string | undefined;
  inputs: Record<string, string>;
}

/** In GitHub's own words; undefined when the workflow can be started like this. */
function problemOf({ state }: Workflow, { ref, sha, text, inputs }: Asked): string | undefined {
  if (state !== 'active') return "Cannot trigger a 'workflow_dispatch' on a disabled workflow";
  if (sha === undefined) return `No ref found for: ${ref}`;
  if (text === undefined)
    return "Workflow does not exist or does not have a 'workflow_dispatch' trigger in this branch.";
  const { on } = parse(text) as {
    on: Record<string, { inputs?: Record<string, { required?: boolean }> } | null>;
  };
  if (!Object.hasOwn(on, 'workflow_dispatch'))
    return "Workflow does not have 'workflow_dispatch' trigger";
  const declared = on['workflow_dispatch']?.inputs ?? {};
  const unexpected = Object.keys(inputs).filter((name) => !Object.hasOwn(declared, name));
  if (unexpected.length > 0) return `Unexpected inputs provided: ${JSON.stringify(unexpected)}`;
  const missing = Object.entries(declared).find(
    ([name, { required }]) => required === true && !Object.hasOwn(inputs, name),
  );
  return missing === undefined ? undefined : `Required input '${missing[0]}' not provided`;
}

/** The name of a run: `run-name` of its file, filled in. */
function titleOf(text: string | undefined, inputs: Record<string, string>, file: string): string {
  const name = (text === undefined ? {} : (parse(text) as Record<string, unknown>))['run-name'];
  if (typeof name !== 'string') return file;
  return name
    .replaceAll(/\$\{\{ *inputs\.(\w+) *\}\}/g, (_, input: string) => inputs[input] ?? '')
    .trim();
}

function fits(
  run: Run,
  { event, branch, head_sha: sha, created }: Record<string, string>,
): boolean {
  const since = created?.replace(/^>=/, '');
  return (
    (event === undefined || run.event === event) &&
    (branch === undefined || run.ref === branch) &&
    (sha === undefined || run.sha === sha) &&
    (since === undefined || run.at >= since)
  );
}
