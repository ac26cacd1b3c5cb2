/** The calls of GitHub Actions that we make, their answers parsed. */

import * as z from 'zod';
import { classify } from './call-error.ts';
import { ownerAndName } from './client.ts';
import type { GitHubRepository } from './deployment-calls.ts';

/** The most that GitHub gives in one page. */
const PAGE = 100;

export interface WorkflowPlace extends GitHubRepository {
  /** File name in `.github/workflows`. */
  file: string;
}

const run = z.object({
  id: z.number(),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  event: z.string(),
  display_title: z.string().default(''),
  head_branch: z.string().nullish(),
  head_sha: z.string(),
  html_url: z.string(),
  created_at: z.string(),
  /** Later than `created_at` when it was started again. */
  run_started_at: z.string().nullish(),
  run_attempt: z.number().default(1),
  /** `.github/workflows/deploy.yml`, with `@` and a ref behind it or not. */
  path: z.string().default(''),
  actor: z.object({ login: z.string() }).nullish(),
});

/** One run of a workflow. */
export type WorkflowRun = z.output<typeof run>;

const workflow = z.object({ id: z.number(), path: z.string(), state: z.string() });
/** An answer with no body (204) comes as an empty text, or as nothing. */
const started = z.union([
  z.object({ workflow_run_id: z.number() }).transform((one) => one.workflow_run_id),
  z.unknown().transform(() => undefined),
]);
const jobs = z.object({
  jobs: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      conclusion: z.string().nullish(),
      steps: z.array(z.unknown()).default([]),
    }),
  ),
});

export type WorkflowJob = z.output<typeof jobs>['jobs'][number];

function at({ repository, file }: WorkflowPlace) {
  return { ...ownerAndName(repository), workflow_id: file };
}

/** @returns its state: `active`, `disabled_manually`, `disabled_inactivity`, … */
export async function readWorkflow(place: WorkflowPlace, signal: AbortSignal) {
  return await place.github.call({
    route: 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}',
    parameters: at(place),
    answer: workflow,
    signal,
  });
}

/** The newest runs of the workflow, at most 100. */
export async function listRuns(place: WorkflowPlace, signal: AbortSignal): Promise<WorkflowRun[]> {
  const found = await place.github.call({
    route: 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs',
    parameters: { ...at(place), per_page: PAGE },
    answer: z.object({ workflow_runs: z.array(run) }),
    signal,
  });
  return found.workflow_runs;
}

export async function readRun(
  { github, repository }: GitHubRepository,
  id: number,
  signal: AbortSignal,
): Promise<WorkflowRun> {
  return await github.call({
    route: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
    parameters: { ...ownerAndName(repository), run_id: id },
    answer: run,
    signal,
  });
}

export async function listJobs(
  { github, repository }: GitHubRepository,
  id: number,
  signal: AbortSignal,
): Promise<WorkflowJob[]> {
  const found = await github.call({
    route: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
    parameters: { ...ownerAndName(repository), run_id: id, per_page: PAGE },
    answer: jobs,
    signal,
  });
  return found.jobs;
}

/** Asks a run to end. GitHub accepts that, and does it later. */
export async function cancelRun(
  { github, repository }: GitHubRepository,
  id: number,
  signal: AbortSignal,
): Promise<void> {
  await github.call({
    route: 'POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel',
    parameters: { ...ownerAndName(repository), run_id: id },
    answer: z.unknown(),
    signal,
  });
}

export interface Dispatch {
  ref: string;
  inputs: Readonly<Record<string, string>>;
}

/**
 * Starts a run. Never repeated: each repeat would be a further run.
 * @returns the id of the run; undefined where GitHub does not say it (older servers)
 */
export async function dispatchRun(
  place: WorkflowPlace,
  { ref, inputs }: Dispatch,
  signal: AbortSignal,
): Promise<number | undefined> {
  const send = (more: object): Promise<number | undefined> =>
    place.github.call({
      route: 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
      parameters: { ...at(place), ref, inputs, ...more },
      answer: started,
      signal,
      repeat: false,
    });
  try {
    return await send({ return_run_details: true });
  } catch (error) {
    // A server that does not know this parameter refuses all of it, and has started nothing.
    const refused = classify(error, signal) === 'rejected';
    if (!refused || !/return_run_details/.test(String(error))) throw error;
    return await send({});
  }
}
