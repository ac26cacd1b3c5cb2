/** What happened, and is happening, on the way to an environment: read from GitHub, newest first. */

import type { ReleaseRef } from '../../ports/target.ts';
import { classify } from './call-error.ts';
import { type GitHubDeployment, lastStatus, listDeployments } from './deployment-calls.ts';
import { stateOf } from './deployments.ts';
import { type NamedRun, runNameReader } from './run-name.ts';
import { readStarted } from './started-run.ts';
import { listJobs, listRuns, readRun, type WorkflowRun } from './workflow-calls.ts';
import type { WorkflowOptions } from './workflow-options.ts';

/**
 * - `waiting`: not begun, for a machine or for a person; nothing was changed.
 * - `working`: it may have changed something already.
 * - `succeeded`, `failed`; `nothing`: it ended before it began. `gone`: it was taken off again.
 */
export type Stage = 'waiting' | 'working' | 'succeeded' | 'failed' | 'nothing' | 'gone';

/** One deployment, or one attempt of a run that deploys. */
export interface Activity {
  /** Different for everything that happened: also for the second attempt of a run. */
  key: string;
  stage: Stage;
  /** The release it brings; undefined when nothing says so. */
  release: { tag: string; commit?: string } | undefined;
  run: WorkflowRun | undefined;
  /** Lease number in the name of the run. */
  fence: number | undefined;
  /** Whether Backout started it: by the name of the run, or because this machine did. */
  ours: boolean;
  /** Whether it certainly goes to this environment: not for every run is that known from its start. */
  sure: boolean;
  /** For people: `run 4711 of kim (https://…)`. */
  label: string;
}

/** Deployments that are asked for; more than that are never under way at once. */
const DEPLOYMENTS = 20;
/** Runs that ended badly whose jobs are looked at, to tell whether they had begun. */
const LOOKED_INTO = 5;

/**
 * Everything that counts, the newest first, back to what was last deployed with success.
 * @param since keys of what is known already: then back to the newest of those
 */
export async function readActivities(
  options: WorkflowOptions,
  signal: AbortSignal,
  since?: ReadonlySet<string>,
): Promise<Activity[]> {
  const [listed, started] = await Promise.all([listRuns(options, signal), readStarted(options)]);
  const runs = listed.toSorted(byTime);
  const isEnd = ({ stage, key }: Activity): boolean =>
    since === undefined || since.size === 0 ? stage === 'succeeded' : since.has(key);
  const reader = { options, runs, started, read: nameReader(options), signal, isEnd };
  return options.liveFrom === 'runs' ? await fromRuns(reader) : await fromDeployments(reader);
}

interface Reader {
  options: WorkflowOptions;
  /** Newest first. */
  runs: WorkflowRun[];
  /** Id of the run that this machine started last. */
  started: number | undefined;
  read: (title: string) => NamedRun | undefined;
  signal: AbortSignal;
  /** What came before this one does not count. */
  isEnd: (activity: Activity) => boolean;
}

function nameReader({ runName, places }: WorkflowOptions): Reader['read'] {
  return runName === undefined ? () => ({}) : runNameReader(runName, places);
}

async function fromRuns(reader: Reader): Promise<Activity[]> {
  const found: Activity[] = [];
  let lookedInto = 0;
  for (const run of reader.runs) {
    const one = describeRun(reader, run);
    if (one === undefined) continue;
    if (one.stage === 'failed' && lookedInto < LOOKED_INTO) {
      lookedInto += 1;
      if (!(await hasBegun(reader, run.id))) one.stage = 'nothing';
    }
    found.push(one);
    if (reader.isEnd(one)) break;
  }
  return found;
}

async function fromDeployments(reader: Reader): Promise<Activity[]> {
  const { options, runs, signal } = reader;
  const found: Activity[] = [];
  const linked = new Set<number>();
  for (const one of await listDeployments(options, options.environment, DEPLOYMENTS, signal)) {
    const activity = await describeDeployment(reader, one);
    if (activity === undefined) continue;
    if (activity.run !== undefined) linked.add(activity.run.id);
    found.push(activity);
    if (reader.isEnd(activity)) break;
  }
  // A run has its deployment only when its job begins. Until then its name says where it goes, or
  // that we began it.
  const coming = runs.flatMap((run) => {
    if (run.status === 'completed' || linked.has(run.id)) return [];
    const one = describeRun(reader, run);
    return one === undefined ? [] : [{ ...one, sure: one.ours || options.runName !== undefined }];
  });
  return [...coming, ...found];
}

/** Undefined for a run whose name says that it deploys something else, or elsewhere. */
function describeRun({ options, started, read }: Reader, run: WorkflowRun): Activity | undefined {
  const named = read(run.display_title);
  if (named === undefined) return undefined;
  const { incident, fence } = named;
  const by = run.actor?.login;
  return {
    key: `run ${run.id} attempt ${run.run_attempt}`,
    stage: stageOf(run),
    release: releaseOf(options, named, { ref: run.head_branch ?? '', sha: run.head_sha }),
    run,
    fence,
    ours: incident !== undefined || fence !== undefined || run.id === started,
    sure: true,
    label: `run ${run.id}${by === undefined ? '' : ` of ${by}`} (${run.html_url})`,
  };
}

async function describeDeployment(
  reader: Reader,
  deployment: GitHubDeployment,
): Promise<Activity | undefined> {
  const { options, runs, signal } = reader;
  const status = await lastStatus(options, deployment.id, signal);
  const link = /\/actions\/runs\/(\d+)/.exec(status?.log_url || status?.target_url || '')?.[1];
  const id = link === undefined ? undefined : Number(link);
  const run = id === undefined ? undefined : await runOf(options, runs, id, signal);
  // Deployed by another workflow to the same environment: another part of the service.
  if (run === 'another') return undefined;
  const about = run === undefined ? undefined : describeRun(reader, run);
  const { ref, sha, creator } = deployment;
  const stage = await deploymentStage(reader, stateOf(status), run);
  const shared = { key: `deployment ${deployment.id}`, stage, run, sure: true };
  if (about !== undefined) return { ...about, ...shared };
  const by = creator?.login === undefined ? '' : ` of ${creator.login}`;
  const release = releaseOf(options, {}, { ref, sha });
  const label = `deployment ${deployment.id}${by}`;
  return { ...shared, release, fence: undefined, ours: false, label };
}

async function deploymentStage(
  reader: Reader,
  state: ReturnType<typeof stateOf>,
  run: WorkflowRun | undefined,
): Promise<Stage> {
  switch (state) {
    case 'waiting':
      // Rejected or cancelled while it waited: GitHub does not always say so on the deployment.
      return run?.status === 'completed' ? 'nothing' : 'waiting';
    case 'running':
      return run?.status === 'completed' && run.conclusion !== 'success' ? 'failed' : 'working';
    case 'succeeded':
      return 'succeeded';
    case 'failed':
      return run === undefined || (await hasBegun(reader, run.id)) ? 'failed' : 'nothing';
    case 'inactive':
      return 'gone';
    case 'unknown':
      return 'working';
    default:
      return state satisfies never;
  }
}

/** The run of this workflow; `another` when it is one of another; undefined when it is gone. */
async function runOf(
  options: WorkflowOptions,
  runs: readonly WorkflowRun[],
  id: number,
  signal: AbortSignal,
): Promise<WorkflowRun | 'another' | undefined> {
  const known = runs.find((run) => run.id === id);
  if (known !== undefined) return known;
  try {
    const run = await readRun(options, id, signal);
    const file = run.path.split('@')[0]?.split('/').at(-1);
    return file === options.file ? run : 'another';
  } catch (error) {
    // Runs are deleted after a while, deployments are not.
    if (classify(error, signal) === 'missing') return undefined;
    throw error;
  }
}

function releaseOf(
  { ref: mode, isRelease }: WorkflowOptions,
  named: NamedRun,
  { ref, sha }: { ref: string; sha: string },
): Activity['release'] {
  if (named.tag !== undefined) {
    const commit = named.commit ?? (named.tag === ref ? sha : undefined);
    return { tag: named.tag, ...(commit === undefined ? {} : { commit }) };
  }
  // On the default branch `ref` says which workflow file ran, not what it deployed.
  return mode === 'tag' && isRelease(ref) ? { tag: ref, commit: sha } : undefined;
}

/** Before a run begins. Any other word, also one that GitHub invents tomorrow, counts as begun. */
const NOT_BEGUN = ['queued', 'waiting', 'pending', 'requested'];
/** None of these ran a job: all were skipped, or the file could not be used. */
const DID_NOTHING = ['skipped', 'startup_failure', 'action_required', 'stale'];

function stageOf({ status, conclusion }: WorkflowRun): Stage {
  if (status !== 'completed') return NOT_BEGUN.includes(status ?? '') ? 'waiting' : 'working';
  if (conclusion === 'success') return 'succeeded';
  return DID_NOTHING.includes(conclusion ?? '') ? 'nothing' : 'failed';
}

/** A job that was cancelled in the queue has no steps. What cannot be read counts as begun. */
async function hasBegun({ options, signal }: Reader, id: number): Promise<boolean> {
  const jobs = await listJobs(options, id, signal).catch(() => undefined);
  return jobs === undefined || jobs.some(({ steps }) => steps.length > 0);
}

function byTime(a: WorkflowRun, b: WorkflowRun): number {
  const [ours, theirs] = [a, b].map((run) => Date.parse(run.run_started_at ?? run.created_at));
  return (theirs ?? 0) - (ours ?? 0) || b.id - a.id;
}

/** Under way, or about to be. */
export function isUnfinished({ stage }: Activity): boolean {
  return stage === 'waiting' || stage === 'working';
}

/** Whether it changed something, or may have, or is about to. */
export function hasChanged({ stage }: Activity): boolean {
  return stage !== 'nothing' && stage !== 'gone';
}

/** Whether it brings exactly this release; a commit that nobody wrote down is not held against it. */
export function brings({ release }: Activity, wanted: ReleaseRef): boolean {
  if (release === undefined || release.tag !== wanted.tag) return false;
  return release.commit === undefined || release.commit === wanted.commit;
}
