import { BackoutError } from '../../model/error.ts';
import { requireReleaseFormat } from '../../model/release.ts';
import type { DeployGuard, LiveRelease, ReleaseRef, Target } from '../../ports/target.ts';
import { requireAccount } from './account.ts';
import { classify, deployFailure, preflightFailure, saidBy } from './call-error.ts';
import {
  describeService,
  describeTaskDefinition,
  type EcsService,
  updateService,
} from './ecs-calls.ts';
import { destinationOf, passServiceFence, refuseLower } from './ecs-fence.ts';
import { findTaskDefinition } from './ecs-find.ts';
import type { EcsOptions } from './ecs-options.ts';
import { judgeCapacity, readRollout, shortArn, strategyOf } from './ecs-rollout.ts';
import { waitForRollout } from './ecs-wait.ts';
import { targetChanged } from '../target-changed.ts';

/** All of a preflight: below the 10 s that its step gets. In milliseconds. */
const PREFLIGHT_MS = 9_000;

/**
 * An ECS service. Rolling back gives it the task definition that was registered for that release,
 * whose image is named by digest, and waits until ECS has replaced the tasks. Nothing is built or
 * registered, and no task is stopped by us.
 */
export function ecsTarget(options: EcsOptions): Target {
  const { name, cluster, service: serviceName, onOutput = () => {} } = options;
  const label = `the service ${serviceName} in ${cluster}`;
  /** Id of the deployment that preflight saw as the newest. */
  let seen: string | undefined;

  async function readService(signal: AbortSignal): Promise<EcsService> {
    const service = await describeService(options, signal);
    if (service !== undefined) return service;
    throw new BackoutError({
      code: 'E_PREFLIGHT',
      message: `${label} does not exist.`,
      remedy: `Correct cluster, service or region of ${name} in backout.yml.`,
    });
  }

  async function current(signal: AbortSignal): Promise<LiveRelease> {
    try {
      return await describeLive(options, await readService(signal), signal);
    } catch (error) {
      const said = error instanceof BackoutError ? error.message : saidBy(error);
      return { known: false, problem: `${label} cannot be read: ${said}` };
    }
  }

  async function preflight(release: ReleaseRef): Promise<void> {
    requireReleaseFormat(release);
    const signal = AbortSignal.timeout(PREFLIGHT_MS);
    try {
      const service = await readService(signal);
      requireAccount(name, service.serviceArn, options.account);
      requireSuitable(options, service, release);
      const found = await findTaskDefinition(options, service, release, signal);
      onOutput(`${release.tag} is task definition ${shortArn(found.arn)}, image ${found.image}.`);
      const { warning } = judgeCapacity(service);
      if (warning !== undefined) onOutput(`Note: ${warning}.`);
      seen = readRollout(service)?.primary.id;
    } catch (error) {
      if (error instanceof BackoutError) throw error;
      throw preflightFailure({ target: name, tag: release.tag, error, signal });
    }
  }

  async function apply(release: ReleaseRef, guard: DeployGuard): Promise<void> {
    requireReleaseFormat(release);
    const { signal, fence } = guard;
    const fail =
      (what: string, changing: boolean) =>
      (error: unknown): never => {
        if (error instanceof BackoutError) throw error;
        throw deployFailure({ target: name, tag: release.tag, what, error, signal, changing });
      };
    const before = await readService(signal).catch(fail(`Reading ${label}`, false));
    refuseLower(name, before, fence);
    const found = await findTaskDefinition(options, before, release, signal).catch(
      fail(`Looking for ${release.tag}`, false),
    );
    const turn = { target: name, place: options, fence, to: shortArn(found.arn), signal };
    const service = await passServiceFence(turn, before);
    const rollout = readRollout(service);
    const isNewest = rollout?.primary.taskDefinition === found.arn;
    if (isNewest && rollout.state === 'done') return;
    if (!isNewest || rollout.state === 'failed') {
      requireSuitable(options, service, release);
      const base = seen;
      seen = undefined;
      if (base !== undefined && rollout !== undefined && rollout.primary.id !== base) {
        const where = `it was given ${shortArn(rollout.primary.taskDefinition)}`;
        throw targetChanged(name, release, where);
      }
      await start(found.arn, isNewest, release, guard);
      onOutput(`ECS replaces the tasks with ${shortArn(found.arn)} (${release.tag}).`);
    }
    await waitForRollout(options, { arn: found.arn, label, release, signal });
  }

  /** A lost answer is looked for before anything is said: the same call again changes nothing. */
  async function start(arn: string, again: boolean, release: ReleaseRef, { signal }: DeployGuard) {
    try {
      await updateService(options, arn, again, signal);
    } catch (error) {
      if (classify(error, signal) === 'unanswered') {
        const now = await readService(signal).catch(() => undefined);
        if (now !== undefined && readRollout(now)?.primary.taskDefinition === arn) return;
      }
      const what = `Giving ${label} the task definition ${shortArn(arn)}`;
      throw deployFailure({ target: name, tag: release.tag, what, error, signal, changing: true });
    }
  }

  return { name, kind: 'ecs', preflight, apply, current };
}

/** @throws BackoutError E_PREFLIGHT when this service cannot be deployed to like this */
function requireSuitable(options: EcsOptions, service: EcsService, { tag }: ReleaseRef): void {
  const problem = unsuitable(options, service);
  if (problem === undefined) return;
  throw new BackoutError({
    code: 'E_PREFLIGHT',
    kind: 'refused',
    message: `${tag} is not deployed to ${options.name}: ${problem}.`,
    state: `${options.name} was not touched.`,
    remedy:
      'Change that on the service or in backout.yml (docs/targets.md says why), then try again.',
  });
}

function unsuitable(options: EcsOptions, service: EcsService): string | undefined {
  const strategy = strategyOf(service);
  if (strategy === undefined) {
    const type = service.deploymentController?.type ?? 'something else';
    return `its deployments are made by ${type}, not by ECS: use a target of kind command or workflow`;
  }
  if (strategy !== options.strategy) {
    return `it deploys ${strategy}, and backout.yml says ${options.strategy}`;
  }
  const bakeMs = (service.deploymentConfiguration?.bakeTimeInMinutes ?? 0) * 60_000;
  if (strategy === 'blue-green' && bakeMs >= options.timeoutMs) {
    return `its bake of ${bakeMs / 60_000} min is not over within the timeout of ${options.timeoutMs / 60_000} min`;
  }
  return judgeCapacity(service).refusal;
}

/**
 * While tasks are being replaced two releases serve. In a rollout of ours the one that has to go
 * counts as live; in one of somebody else's the one that is coming does, because that is the one a
 * rollback would be away from.
 */
async function describeLive(
  options: EcsOptions,
  service: EcsService,
  signal: AbortSignal,
): Promise<LiveRelease> {
  const rollout = readRollout(service);
  if (rollout === undefined) {
    return { known: false, problem: `${options.service} has no deployment made by ECS` };
  }
  const { primary, older, state } = rollout;
  const coming = shortArn(primary.taskDefinition);
  const isOurs = destinationOf(service) === coming;
  const serving = state === 'done' || (state === 'under-way' && !isOurs) ? primary : older[0];
  if (serving === undefined) {
    const problem = `${coming} is not in a steady state (${primary.rolloutState ?? 'unknown'})`;
    return { known: false, problem };
  }
  const { release } = await describeTaskDefinition(options, serving.taskDefinition, signal);
  const shown = shortArn(serving.taskDefinition);
  if (release === undefined) {
    return { known: false, problem: `${shown} is a release nobody named (docs/targets.md)` };
  }
  const how = state === 'done' ? '' : `; ${coming} is ${state === 'failed' ? 'not ' : ''}coming up`;
  const detail = `task definition ${shown}, ${serving.runningCount} tasks${how}`;
  return { known: true, ...release, detail };
}
