import { fillPlaces } from '../../model/places.ts';
import type { DeployGuard, ReleaseRef } from '../../ports/target.ts';
import { classify, deployFailure } from './call-error.ts';
import { BackoutError } from '../../model/error.ts';
import { runNameReader } from './run-name.ts';
import { writeStarted } from './started-run.ts';
import { cancelRun, dispatchRun, listRuns, readRun, type WorkflowRun } from './workflow-calls.ts';
import type { WorkflowOptions } from './workflow-options.ts';

/** How long a run may take to show up in the list after GitHub accepted it, in milliseconds. */
const APPEARS_MS = 20_000;
/** For what still has to be done when our own time is over, in milliseconds. */
const LAST_WORDS_MS = 3_000;
const POLL_MS = 1_000;

/** The one run that we are about to start, or have started. */
export interface Start {
  release: ReleaseRef;
  guard: DeployGuard;
  /** What the workflow is run at: the tag, or the default branch. */
  ref: string;
  /** Ids of the runs that were there before. */
  known: ReadonlySet<number>;
}

/** The inputs with everything filled in, as GitHub gets them. */
export function inputsFor(
  { inputs, places }: WorkflowOptions,
  { tag, commit, artefact = '' }: ReleaseRef,
  { incident, fence }: Pick<DeployGuard, 'incident' | 'fence'>,
): Record<string, string> {
  const values = { ...places, tag, commit, artefact, incident, fence: String(fence) };
  return Object.fromEntries(
    Object.entries(inputs).map(([name, text]) => [name, fillPlaces(text, values)]),
  );
}

/**
 * Starts one run and says which it is. An answer that got lost is looked for among the runs, and
 * nothing is started a second time: two deployments at once are worse than one that nobody follows.
 * @throws BackoutError E_DEPLOY
 */
export async function startRun(
  options: WorkflowOptions,
  start: Start,
  signal: AbortSignal,
): Promise<number> {
  const { release, guard, ref } = start;
  const what = `Starting ${options.file} at ${ref}`;
  const shared = { target: options.name, tag: release.tag, what, signal, changing: true };
  let id: number | undefined;
  try {
    id = await dispatchRun(options, { ref, inputs: inputsFor(options, release, guard) }, signal);
  } catch (error) {
    const failure = classify(error, signal);
    if (failure === 'stopped') await endUnseen(options, start);
    if (failure !== 'unanswered') throw deployFailure({ ...shared, error });
    id = await findRun(options, start, signal).catch(unlessOurs);
    if (id === undefined) throw deployFailure({ ...shared, error });
  }
  id ??= await findRun(options, start, signal);
  if (id === undefined) throw notToBeSeen(options, what);
  await writeStarted(options, id);
  return id;
}

/**
 * The run that came up since. Undefined when none did in time.
 * @throws BackoutError E_DEPLOY (uncertain) when several did, and nothing tells them apart
 */
async function findRun(
  options: WorkflowOptions,
  start: Start,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { clock } = options;
  const until = clock.now() + APPEARS_MS;
  for (;;) {
    const runs = await listRuns(options, signal).catch(() => []);
    const [only, ...more] = runs.filter((run) => isOurs(options, start, run));
    if (more.length > 0) throw severalRuns(options, [only, ...more]);
    if (only !== undefined) return only.id;
    if (clock.now() >= until) return undefined;
    await clock.sleep(Math.min(POLL_MS, options.pollMs ?? POLL_MS), signal);
  }
}

/** Nobody found is no answer; what we say ourselves is one. */
function unlessOurs(cause: unknown): undefined {
  if (cause instanceof BackoutError) throw cause;
}

/** By its name where that has our incident and lease number, else by being new at this ref. */
function isOurs(
  { runName, places }: WorkflowOptions,
  { release, guard, ref, known }: Start,
  run: WorkflowRun,
): boolean {
  if (known.has(run.id) || run.event !== 'workflow_dispatch' || run.head_branch !== ref) {
    return false;
  }
  if (runName === undefined) return true;
  const named = runNameReader(runName, places)(run.display_title);
  return (
    named !== undefined &&
    (named.tag ?? release.tag) === release.tag &&
    (!runName.includes('{incident}') || named.incident === guard.incident) &&
    (!runName.includes('{fence}') || named.fence === guard.fence)
  );
}

/** Our time was over before GitHub answered: what it started all the same must not run unwatched. */
async function endUnseen(options: WorkflowOptions, start: Start): Promise<void> {
  const signal = AbortSignal.timeout(LAST_WORDS_MS);
  const found = await findRun(options, start, signal).catch(() => undefined);
  if (found === undefined) return;
  await writeStarted(options, found);
  await endBeforeBegun(options, found);
}

/**
 * Ends a run that has not begun: it would deploy later, when nobody watches any more. One that has
 * begun is left alone: half a deployment is worse than a late one.
 * @returns whether it is certain that it never began
 */
export async function endBeforeBegun(options: WorkflowOptions, id: number): Promise<boolean> {
  const signal = AbortSignal.timeout(LAST_WORDS_MS);
  try {
    const { status } = await readRun(options, id, signal);
    if (status === 'in_progress' || status === 'completed') return false;
    await cancelRun(options, id, signal);
    for (;;) {
      const run = await readRun(options, id, signal);
      if (run.status === 'completed') return run.conclusion === 'cancelled';
      await options.clock.sleep(Math.min(250, options.pollMs ?? 250), signal);
    }
  } catch {
    return false;
  }
}

function severalRuns(
  { name, file }: WorkflowOptions,
  runs: readonly (WorkflowRun | undefined)[],
): BackoutError {
  const addresses = runs.map((run) => run?.html_url ?? '').join(', ');
  return new BackoutError({
    code: 'E_DEPLOY',
    kind: 'uncertain',
    message: `Which run of ${file} is ours cannot be told: ${addresses} began at the same time.`,
    state: `One of them deploys to ${name}; what is live has to be read back.`,
    remedy:
      'Wait until they are over, then `backout incident resume`. With {incident} in `run_name` they can be told apart (docs/targets.md).',
  });
}

function notToBeSeen({ name, file }: WorkflowOptions, what: string): BackoutError {
  return new BackoutError({
    code: 'E_DEPLOY',
    kind: 'uncertain',
    message: `${what} was accepted by GitHub, and no run of it can be seen after ${APPEARS_MS / 1000} s.`,
    state: `It may still begin, and deploy to ${name}.`,
    remedy: `Look at the runs of ${file} on GitHub, then \`backout incident resume\`; it follows a run that is there.`,
    retryable: true,
  });
}
