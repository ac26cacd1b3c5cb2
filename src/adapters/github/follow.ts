import { BackoutError } from '../../model/error.ts';
import type { DeployGuard, ReleaseRef } from '../../ports/target.ts';
import { fencedError } from '../fenced.ts';
import { targetChanged } from '../target-changed.ts';
import { type Activity, brings, hasChanged, readActivities } from './activity.ts';
import { classify, deployFailure, saidBy } from './call-error.ts';
import { endBeforeBegun } from './dispatch.ts';
import { liveOf } from './live.ts';
import { listJobs, readRun, type WorkflowRun } from './workflow-calls.ts';
import type { WorkflowOptions } from './workflow-options.ts';

const POLL_MS = 3_000;
/** A long run is looked at less often: a token of a workflow has 1,000 calls per hour. */
const LONG_MS = 300_000;
/** Silence after which it is said again where the run stands, in milliseconds. */
const SAY_AGAIN_MS = 15_000;
/** Every so many looks at our run there is one at what others do. */
const LOOK_AROUND = 4;
/** Looks for which GitHub may take until its deployments show what a run did. */
const SETTLES = 3;

export interface Followed {
  id: number;
  release: ReleaseRef;
  guard: DeployGuard;
  /** What had happened before it: everything else that is new comes from somebody else. */
  known: ReadonlySet<string>;
  /** Whether it is for us to end it when our time is over. */
  ours: boolean;
}

/**
 * Looks until the run is over, with a line whenever something moved. A look that fails because
 * GitHub is busy or silent is made again; the signal ends it.
 * @param signal aborts at the end of the target's time
 * @throws BackoutError E_DEPLOY; E_TARGET_CHANGED, E_FENCED (refused) when somebody came between
 */
export async function followRun(
  options: WorkflowOptions,
  followed: Followed,
  signal: AbortSignal,
): Promise<void> {
  const { clock, pollMs = POLL_MS, onOutput = () => {} } = options;
  const { id, release } = followed;
  const since = clock.now();
  let last: WorkflowRun | undefined;
  let saidAt = since;
  // At once: until a machine takes the run, it can still be taken back.
  await lookAround(options, followed, signal);
  for (let looks = 1; ; looks += 1) {
    const run = await orLater(options, followed, signal, () => readRun(options, id, signal));
    if (run !== undefined) {
      if (isElsewhere(options, followed, run)) throw await wrongCommit(options, followed, run);
      const line = describe(run);
      const isNews = last === undefined || describe(last) !== line;
      // Nothing new is said too: whoever waits has to see that somebody looks.
      if (isNews || clock.now() - saidAt >= SAY_AGAIN_MS) {
        const seconds = isNews ? '' : `, after ${Math.round((clock.now() - since) / 1_000)} s`;
        onOutput(`${release.tag}: ${line}${seconds}.`);
        saidAt = clock.now();
      }
      last = run;
      if (run.status === 'completed') {
        if (run.conclusion !== 'success') throw await endedBadly(options, followed, run);
        await settle(options, followed, signal);
        return;
      }
    }
    if (looks % LOOK_AROUND === 0) await lookAround(options, followed, signal);
    try {
      await clock.sleep(clock.now() - since < LONG_MS ? pollMs : 3 * pollMs, signal);
    } catch (error) {
      throw await outOfTime(options, followed, last, error);
    }
  }
}

/** The last look around, and the time that GitHub takes until its deployments show it. */
async function settle(
  options: WorkflowOptions,
  followed: Followed,
  signal: AbortSignal,
): Promise<void> {
  const { clock, pollMs = POLL_MS, onOutput = () => {}, name } = options;
  for (let looks = 1; looks <= SETTLES; looks += 1) {
    const activities = await lookAround(options, followed, signal);
    const live = activities === undefined ? undefined : liveOf(activities);
    if (live?.known === true && live.tag === followed.release.tag) return;
    if (looks < SETTLES) await clock.sleep(pollMs, signal).catch(() => undefined);
  }
  onOutput(
    `The run ended well, and GitHub does not show ${followed.release.tag} as live on ${name}.`,
  );
}

/** @throws BackoutError E_TARGET_CHANGED, E_FENCED */
async function lookAround(
  options: WorkflowOptions,
  followed: Followed,
  signal: AbortSignal,
): Promise<Activity[] | undefined> {
  const activities = await orLater(options, followed, signal, () =>
    readActivities(options, signal, followed.known),
  );
  if (activities === undefined) return undefined;
  try {
    refuseOvertaken(options, activities, followed.guard.fence);
    refuseNewer(options, followed, activities);
  } catch (error) {
    if (!followed.ours || !(error instanceof BackoutError)) throw error;
    throw await cameBetween(options, followed, error);
  }
  return activities;
}

/** @throws BackoutError E_TARGET_CHANGED (refused) */
function refuseNewer(
  { name }: WorkflowOptions,
  { id, known, release }: Followed,
  activities: readonly Activity[],
): void {
  const other = activities.find(
    (one) =>
      one.sure &&
      one.run?.id !== id &&
      !known.has(one.key) &&
      hasChanged(one) &&
      !brings(one, release),
  );
  if (other === undefined) return;
  const tag = other.release?.tag ?? 'a release nobody named';
  throw targetChanged(name, release, `${other.label} brings ${tag}`);
}

/** Somebody came between our look and our start. A run of ours that has not begun is taken back. */
async function cameBetween(
  options: WorkflowOptions,
  { id, release }: Followed,
  refusal: BackoutError,
): Promise<BackoutError> {
  if (await endBeforeBegun(options, id)) return refusal;
  return new BackoutError({
    code: refusal.code,
    kind: 'uncertain',
    message: refusal.message,
    state: `Our run ${id} had begun: which of the two is live on ${options.name} has to be read back.`,
    remedy: `Look at both runs, and at what is live with \`backout assess\`. ${refusal.remedy}`,
    cause: `Run ${id} brings ${release.tag}.`,
  });
}

/** @throws BackoutError E_FENCED (refused) when the name of a run has a higher lease number */
export function refuseOvertaken(
  { name }: WorkflowOptions,
  activities: readonly Activity[],
  fence: number,
): void {
  const highest = Math.max(0, ...activities.map((one) => one.fence ?? 0));
  if (highest > fence) throw fencedError(name, highest, fence);
}

/** Undefined when GitHub is busy or silent: the next look will tell. */
async function orLater<T>(
  options: WorkflowOptions,
  { id, release }: Followed,
  signal: AbortSignal,
  look: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (['throttled', 'unanswered', 'stopped'].includes(classify(error, signal))) return undefined;
    const what = `Following run ${id} of ${options.file}`;
    const { name: target } = options;
    throw deployFailure({ target, tag: release.tag, what, error, signal, changing: true });
  }
}

function describe({ status, html_url: url, conclusion }: WorkflowRun): string {
  if (status === 'completed') return `the run ended with ${conclusion ?? 'nothing'} (${url})`;
  if (status === 'waiting') return `the run waits until somebody approves it (${url})`;
  if (status === 'in_progress') return `the run is under way (${url})`;
  return `the run waits in the queue (${url})`;
}

async function endedBadly(
  options: WorkflowOptions,
  { release }: Followed,
  run: WorkflowRun,
): Promise<BackoutError> {
  const jobs = await listJobs(options, run.id, AbortSignal.timeout(5_000)).catch(() => undefined);
  const failed = jobs?.flatMap(({ name, conclusion }) =>
    conclusion === 'success' || conclusion === 'skipped' ? [] : [`${name} ${conclusion ?? ''}`],
  );
  const began = jobs === undefined || jobs.some(({ steps }) => steps.length > 0);
  const how = run.conclusion === 'cancelled' ? 'was cancelled by somebody' : 'failed';
  const named = failed === undefined || failed.length === 0 ? '' : `: ${failed.join(', ').trim()}`;
  return new BackoutError({
    code: 'E_DEPLOY',
    message: `The run that brings ${release.tag} to ${options.name} ${how}${named}. ${run.html_url}`,
    state: began
      ? `Part of ${release.tag} may be on ${options.name}; what was live before counts as live.`
      : `It had not begun: ${options.name} was not touched.`,
    remedy:
      'Read the log of the run and mend what it says. Then `backout incident resume` starts a new one, or choose another release.',
  });
}

/** The tag was moved after preflight, or a branch has the name of the tag. */
function isElsewhere({ ref }: WorkflowOptions, { release }: Followed, run: WorkflowRun): boolean {
  return ref === 'tag' && run.head_sha !== release.commit;
}

async function wrongCommit(
  options: WorkflowOptions,
  { id, release, ours }: Followed,
  run: WorkflowRun,
): Promise<BackoutError> {
  const ended = ours && (await endBeforeBegun(options, id));
  const [runs, wanted] = [run.head_sha, release.commit].map((commit) => commit.slice(0, 10));
  return new BackoutError({
    code: 'E_TAG_MOVED',
    kind: ended ? 'refused' : 'uncertain',
    message: `GitHub runs ${options.file} at commit ${runs}, and ${release.tag} is ${wanted}. ${run.html_url}`,
    state: ended
      ? `The run had not begun, and was cancelled: ${options.name} was not touched.`
      : `The run had begun, and may bring the wrong code to ${options.name}.`,
    remedy:
      'Find out who moved the tag, or made a branch of that name; end the run if it is under way. Then choose another release.',
  });
}

/** The end of our time, or a person's Ctrl-C. A run of ours that has not begun is ended too. */
async function outOfTime(
  options: WorkflowOptions,
  { id, release, ours }: Followed,
  run: WorkflowRun | undefined,
  cause: unknown,
): Promise<BackoutError> {
  const where = run === undefined ? `run ${id} cannot be read` : describe(run);
  const ended = ours && (await endBeforeBegun(options, id));
  return new BackoutError({
    code: 'E_DEPLOY',
    kind: ended ? 'failed' : 'uncertain',
    message: `Our time for ${release.tag} on ${options.name} was over before the run was: ${where}. (${saidBy(cause)})`,
    state: ended
      ? `The run had not begun, and was cancelled: ${options.name} was not touched.`
      : `The run goes on, and may still bring ${release.tag} to ${options.name}.`,
    remedy: ended
      ? 'Find out what it waited for (a person, a runner, another run), give the target a longer `timeout` if that takes so long, then `backout incident resume`.'
      : 'Look at the run, then `backout incident resume`: it follows the run and starts no second one.',
    retryable: true,
    cause,
  });
}
