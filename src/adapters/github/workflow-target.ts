import { BackoutError } from '../../model/error.ts';
import { requireReleaseFormat } from '../../model/release.ts';
import type { DeployGuard, LiveRelease, ReleaseRef, Target } from '../../ports/target.ts';
import { requireArtefact } from '../command/artefact.ts';
import { passFence } from '../command/fence.ts';
import { targetChanged } from '../target-changed.ts';
import { type Activity, brings, hasChanged, isUnfinished, readActivities } from './activity.ts';
import { deployFailure, preflightFailure, saidBy } from './call-error.ts';
import { startRun } from './dispatch.ts';
import { followRun, refuseOvertaken } from './follow.ts';
import { liveOf } from './live.ts';
import { defaultBranch } from './repository-calls.ts';
import { listRuns } from './workflow-calls.ts';
import type { WorkflowOptions } from './workflow-options.ts';
import { proveStartable } from './workflow-preflight.ts';

/** All of a preflight: below the 10 s that its step gets. In milliseconds. */
const PREFLIGHT_MS = 9_000;
/** Kept of the target's time for saying what came of it, in milliseconds. */
const LAST_WORDS_MS = 5_000;

/**
 * The team's own deploy workflow on GitHub. Rolling back starts one run of it for that release and
 * follows that run by its id. A run that is under way to the release is followed, not started again.
 *
 * GitHub has no guarded change: who else starts a run is seen before ours begins, and while it runs.
 *
 *     look: newest run, lease numbers ──► start ──► run id ──► follow ──► look again
 *                                      ▲ somebody may start one here: seen while we follow
 */
export function workflowTarget(options: WorkflowOptions): Target {
  const { name, file, onOutput = () => {} } = options;
  /** What had happened when preflight looked. What came after that is "somebody deployed". */
  let seen: Set<string> | undefined;

  async function current(signal: AbortSignal): Promise<LiveRelease> {
    try {
      return liveOf(await readActivities(options, signal));
    } catch (error) {
      return { known: false, problem: `what ${file} deployed cannot be read: ${saidBy(error)}` };
    }
  }

  async function preflight(release: ReleaseRef): Promise<void> {
    requireReleaseFormat(release);
    requireArtefact(name, Object.values(options.inputs), release);
    const signal = AbortSignal.timeout(PREFLIGHT_MS);
    try {
      const [activities] = await Promise.all([
        readActivities(options, signal),
        proveStartable(options, release, signal),
      ]);
      for (const one of activities.filter((activity) => activity.sure && isUnfinished(activity))) {
        onOutput(`Note: ${one.label} is not over yet.`);
      }
      seen = keysOf(activities);
    } catch (error) {
      if (error instanceof BackoutError) throw error;
      throw preflightFailure({ target: name, tag: release.tag, error, signal });
    }
  }

  async function apply(release: ReleaseRef, guard: DeployGuard): Promise<void> {
    requireReleaseFormat(release);
    requireArtefact(name, Object.values(options.inputs), release);
    const spare = Math.min(LAST_WORDS_MS, options.timeoutMs / 10);
    const own = AbortSignal.timeout(options.timeoutMs - spare);
    const signal = AbortSignal.any([guard.signal, own]);
    await passFence(options.stateDirectory, name, guard.fence);
    const base = seen;
    seen = undefined;
    try {
      await bring(release, guard, signal, base);
    } catch (error) {
      if (error instanceof BackoutError) throw error;
      const what = `Looking at what ${file} deployed`;
      const attempt = { target: name, tag: release.tag, what, error, signal };
      throw deployFailure({ ...attempt, changing: false });
    }
  }

  async function bring(
    release: ReleaseRef,
    guard: DeployGuard,
    signal: AbortSignal,
    base: ReadonlySet<string> | undefined,
  ): Promise<void> {
    const activities = await readActivities(options, signal);
    refuseOvertaken(options, activities, guard.fence);
    refuseOthers(activities, release, base);
    const known = keysOf(activities);
    const coming = activities.find((one) => isUnfinished(one) && brings(one, release));
    if (coming?.run !== undefined) {
      const { run, ours } = coming;
      onOutput(`${coming.label} is on its way with ${release.tag}: it is followed.`);
      return await followRun(options, { id: run.id, release, guard, known, ours }, signal);
    }
    const live = liveOf(activities);
    const isThere = live.known && live.tag === release.tag;
    if (isThere && (live.commit === undefined || live.commit === release.commit)) return;
    const [runs, ref] = await Promise.all([
      listRuns(options, signal),
      options.ref === 'tag' ? release.tag : defaultBranch(options, signal),
    ]);
    const before = new Set(runs.map((run) => run.id));
    const id = await startRun(options, { release, guard, ref, known: before }, signal);
    onOutput(`Run ${id} of ${file} was started at ${ref}.`);
    await followRun(options, { id, release, guard, known, ours: true }, signal);
  }

  /**
   * Another release on its way would overwrite ours, or ours it: HALT. So does one that came since
   * preflight, whatever came of it.
   */
  function refuseOthers(
    activities: readonly Activity[],
    release: ReleaseRef,
    base: ReadonlySet<string> | undefined,
  ): void {
    const other = activities.find(
      (one) =>
        one.sure &&
        !brings(one, release) &&
        (isUnfinished(one) || (base !== undefined && !base.has(one.key) && hasChanged(one))),
    );
    if (other === undefined) return;
    const tag = other.release?.tag ?? 'a release nobody named';
    const how = isUnfinished(other) ? 'is bringing' : 'brought';
    throw targetChanged(name, release, `${other.label} ${how} ${tag}`);
  }

  return { name, kind: 'workflow', preflight, apply, current };
}

function keysOf(activities: readonly Activity[]): Set<string> {
  return new Set(activities.map(({ key }) => key));
}
