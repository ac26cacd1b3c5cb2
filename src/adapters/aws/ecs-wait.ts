import { BackoutError } from '../../model/error.ts';
import type { ReleaseRef } from '../../ports/target.ts';
import { classify, deployFailure } from './call-error.ts';
import { describeService, type EcsService } from './ecs-calls.ts';
import type { EcsOptions } from './ecs-options.ts';
import { readRollout, shortArn, showRollout, whyFailed } from './ecs-rollout.ts';
import { targetChanged } from '../target-changed.ts';

const POLL_MS = 3_000;

interface Awaited {
  /** The task definition that has to become the only one. */
  arn: string;
  label: string;
  release: ReleaseRef;
  signal: AbortSignal;
}

/**
 * Looks until the service is steady on this task definition, with a line whenever something moved.
 * A look that fails because AWS is busy or silent is made again; the step's cap ends it.
 * @throws BackoutError E_DEPLOY when ECS gave up; E_TARGET_CHANGED when somebody else deployed
 */
export async function waitForRollout(options: EcsOptions, awaited: Awaited): Promise<void> {
  const { name, clock, pollMs = POLL_MS, onOutput = () => {} } = options;
  const { arn, label, release, signal } = awaited;
  let said = '';
  for (;;) {
    const service = await look(options, awaited);
    const rollout = service === undefined ? undefined : readRollout(service);
    if (service !== undefined && rollout !== undefined) {
      const { primary, state } = rollout;
      if (primary.taskDefinition !== arn) throw replacedError(options, awaited, service);
      if (state === 'failed') throw gaveUp(name, release, whyFailed(service, primary));
      const line = `${release.tag}: ${showRollout(rollout)}.`;
      if (line !== said) onOutput(line);
      said = line;
      if (state === 'done') return;
    }
    try {
      await clock.sleep(pollMs, signal);
    } catch (error) {
      const what = `Waiting for ${label} to run ${shortArn(arn)}`;
      throw deployFailure({ target: name, tag: release.tag, what, error, signal, changing: true });
    }
  }
}

async function look(
  options: EcsOptions,
  { arn, label, release, signal }: Awaited,
): Promise<EcsService | undefined> {
  try {
    return await describeService(options, signal);
  } catch (error) {
    if (['throttled', 'unanswered'].includes(classify(error, signal))) return undefined;
    const what = `Watching ${label} on its way to ${shortArn(arn)}`;
    const { name: target } = options;
    throw deployFailure({ target, tag: release.tag, what, error, signal, changing: true });
  }
}

/** The newest deployment is not ours any more: ECS went back by itself, or somebody deployed. */
function replacedError(
  { name }: EcsOptions,
  { arn, release }: Awaited,
  service: EcsService,
): BackoutError {
  const ours = service.deployments.find((one) => one.taskDefinition === arn);
  const newest = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (ours?.rolloutState === 'FAILED') return gaveUp(name, release, whyFailed(service, ours));
  // The words of ECS when its circuit breaker goes back to the deployment before.
  if (
    newest !== undefined &&
    /circuit breaker|rolling back/i.test(newest.rolloutStateReason ?? '')
  ) {
    return gaveUp(name, release, whyFailed(service, newest));
  }
  return targetChanged(name, release, `it was given ${shortArn(newest?.taskDefinition ?? '')}`);
}

function gaveUp(name: string, { tag }: ReleaseRef, why: string): BackoutError {
  return new BackoutError({
    code: 'E_DEPLOY',
    message: `ECS could not bring ${tag} up on ${name}, and stopped trying: ${why}.`,
    state: `The tasks that ran before still serve; what is live has to be read back.`,
    remedy:
      'Look at why the tasks stop (`aws ecs describe-tasks`, their log). Then `backout incident resume`, or choose another release.',
  });
}
