/** What the state of an ECS service means; no calls. */

import type { Container, Deployment, EcsService } from './ecs-calls.ts';

export interface Rollout {
  primary: Deployment;
  /** Tasks of older deployments that still run, the deployment with the most first. */
  older: Deployment[];
  state: 'done' | 'under-way' | 'failed';
}

/** Undefined when the service has no deployment that ECS itself makes. */
export function readRollout(service: EcsService): Rollout | undefined {
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (primary === undefined) return undefined;
  const older = service.deployments
    .filter((one) => one !== primary && one.runningCount + one.pendingCount > 0)
    .toSorted((a, b) => b.runningCount - a.runningCount);
  return { primary, older, state: stateOf(primary, older) };
}

/** Steady: all tasks wanted run, none is on its way, nothing old is left, and ECS says so too. */
function stateOf(primary: Deployment, older: readonly Deployment[]): Rollout['state'] {
  if (primary.rolloutState === 'FAILED') return 'failed';
  const { desiredCount, runningCount, pendingCount, rolloutState } = primary;
  const settled = older.length === 0 && runningCount === desiredCount && pendingCount === 0;
  return settled && (rolloutState ?? 'COMPLETED') === 'COMPLETED' ? 'done' : 'under-way';
}

/** `2 of 4 tasks run, 1 is starting; 3 old ones still run` */
export function showRollout({ primary, older }: Rollout): string {
  const { runningCount, desiredCount, pendingCount, failedTasks } = primary;
  const old = older.reduce((sum, one) => sum + one.runningCount, 0);
  return [
    `${runningCount} of ${desiredCount} tasks run`,
    pendingCount > 0 ? `, ${pendingCount} starting` : '',
    (failedTasks ?? 0) > 0 ? `, ${failedTasks} failed` : '',
    old > 0 ? `; ${old} old ones still run` : '',
  ].join('');
}

/** Why ECS gave up, with what it noted last: the reason is often only there. */
export function whyFailed(service: EcsService, primary: Deployment): string {
  const reason = primary.rolloutStateReason ?? 'ECS gives no reason';
  const noted = (service.events ?? []).slice(0, 2).map(({ message }) => message);
  return [reason.replace(/\.$/, ''), ...noted].join('. ECS noted: ').slice(0, 600);
}

/** How this service replaces its tasks, as backout.yml calls it; undefined: not by ECS itself. */
export function strategyOf(service: EcsService): 'rolling' | 'blue-green' | undefined {
  if ((service.deploymentController?.type ?? 'ECS') !== 'ECS') return undefined;
  // Linear and canary are blue/green with more steps.
  const strategy = service.deploymentConfiguration?.strategy ?? 'ROLLING';
  return strategy === 'ROLLING' ? 'rolling' : 'blue-green';
}

/**
 * Why a rolling deployment must not be started; a warning when it may be, but with less capacity
 * for a while. Healthy old tasks are never all stopped first, whatever they serve.
 */
export function judgeCapacity(service: EcsService): { refusal?: string; warning?: string } {
  if (strategyOf(service) !== 'rolling') return {};
  const { minimumHealthyPercent, maximumPercent } = service.deploymentConfiguration ?? {};
  // What ECS takes when nothing is set for a replica service.
  const least = minimumHealthyPercent ?? 100;
  const most = maximumPercent ?? 200;
  const wanted = service.desiredCount;
  if (wanted === 0) return { warning: 'no task is wanted there, so nothing will run afterwards' };
  const kept = Math.ceil((wanted * least) / 100);
  const room = Math.floor((wanted * most) / 100);
  if (kept === 0) {
    return {
      refusal: `with minimumHealthyPercent ${least} ECS may stop all ${wanted} tasks before a new one is healthy`,
    };
  }
  if (kept >= wanted && room <= wanted) {
    return {
      refusal: `with minimumHealthyPercent ${least} and maximumPercent ${most} ECS can neither stop nor start a task`,
    };
  }
  if (kept >= wanted) return {};
  return {
    warning: `ECS may go down to ${kept} of ${wanted} tasks while it replaces them (minimumHealthyPercent ${least})`,
  };
}

/** The container that is the release: the one named, or the only essential one. */
export function releaseContainer(
  containers: readonly Container[],
  named: string | undefined,
): { found: Container } | { problem: string } {
  const candidates =
    named === undefined
      ? containers.filter(({ essential }) => essential !== false)
      : containers.filter(({ name }) => name === named);
  const [found, ...more] = candidates;
  if (found === undefined) {
    return {
      problem: named === undefined ? 'it has no container' : `it has no container ${named}`,
    };
  }
  if (more.length > 0) {
    const names = candidates.map(({ name }) => name).join(', ');
    return { problem: `it has several essential containers (${names}): name one in backout.yml` };
  }
  return { found };
}

/** `repository@sha256:…`: the one way to name an image that cannot mean another one tomorrow. */
export function isByDigest(image: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(image);
}

/** `checkout-api` and `12` of `arn:aws:ecs:…:task-definition/checkout-api:12`. */
export function familyOf(arn: string): { family: string; revision: string } {
  const [family = '', revision = ''] = (arn.split('/').at(-1) ?? '').split(':');
  return { family, revision };
}

/** `checkout-api:12`, as people call a task definition. */
export function shortArn(arn: string): string {
  const { family, revision } = familyOf(arn);
  return `${family}:${revision}`;
}
