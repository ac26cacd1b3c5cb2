/** Plans of the work on a service that rolls nothing back. Same steps, same executor, same journal. */

import type { FlagValue } from '../model/flags.ts';
import { serviceResource, targetResource } from '../model/lease.ts';
import { type Plan, type Step, sealPlan } from '../model/plan.ts';
import type { PlanFacts } from './plan-rollback.ts';

/** Caps of the single steps, in milliseconds. */
const CAP_MS = {
  /** At 500,000 keys a second and less on a busy server: enough for 100 million. */
  flush: 300_000,
  /** One write to the flag store, tried three times. */
  flag: 10_000,
} as const;

type MaintenanceFacts = Pick<
  PlanFacts,
  'service' | 'environment' | 'configHash' | 'targets' | 'acknowledgeWithinMs' | 'fastPath'
>;

function sealMaintenance(facts: MaintenanceFacts, resources: string[], steps: Step[]): Plan {
  return sealPlan({
    service: facts.service,
    environment: facts.environment,
    config_hash: facts.configHash,
    budget_ms: steps.reduce((sum, { cap_ms: cap }) => sum + cap, 0),
    budget_ends_with: steps.at(-1)?.id ?? '',
    resources,
    steps,
  });
}

/** Empties caches, one after the other. Needs no exclusive right: empty twice is empty. */
export function planFlush(
  facts: MaintenanceFacts,
  caches: readonly { name: string; covers: string }[],
): Plan {
  const steps = caches.map(({ name, covers }, index): Step => ({
    id: `flush:${name}`,
    stage: index + 1,
    title: `Empty the cache ${name} (${covers})`,
    action: { kind: 'flush-cache', cache: name },
    cap_ms: CAP_MS.flush,
    // The others are worth emptying all the same.
    essential: false,
  }));
  return sealMaintenance(facts, [], steps);
}

export interface RestartFacts {
  name: string;
  /** Longest time for the restart and its proof. */
  timeoutMs: number;
  /** Name of the check that proves it is up; left out: its status alone. */
  check?: string;
}

/**
 * Restarts services in the given order, each proven before the next one is touched. Nobody rolls
 * back meanwhile: a deployment in the middle of a restart is neither.
 */
export function planRestart(facts: MaintenanceFacts, services: readonly RestartFacts[]): Plan {
  const steps = services.map(({ name, timeoutMs, check }, index): Step => ({
    id: `restart:${name}`,
    stage: index + 1,
    title: `Restart ${name}`,
    action: {
      kind: 'restart-service',
      service: name,
      ...(check === undefined ? {} : { check }),
    },
    cap_ms: timeoutMs,
    essential: true,
  }));
  const resources = [
    ...facts.targets.map(({ name }) => targetResource(facts, name)),
    ...services.map(({ name }) => serviceResource(facts, name)),
  ];
  return sealMaintenance(facts, resources, steps);
}

/** The flag that `backout.yml` marks as canary. */
export interface CanaryFlag {
  group: string;
  name: string;
  /** Its value on an ordinary day, to which it always returns. */
  default: FlagValue;
  safe: FlagValue;
}

/**
 * Switches the canary off and on again and has the running service prove both. Switching back does
 * not depend on the proof: a test that finds something must not leave something.
 */
export function planFlagTest(facts: MaintenanceFacts, canary: CanaryFlag): Plan {
  const turn = (to: 'safe' | 'default', stage: number): Step[] => {
    const value = canary[to];
    const set: Step = {
      id: `set:${to}`,
      stage,
      title: `Set ${canary.name} to ${String(value)}`,
      action: { kind: 'set-flag', group: canary.group, flag: canary.name, value },
      cap_ms: CAP_MS.flag,
      essential: to === 'default',
    };
    const prove: Step = {
      id: `prove:${to}`,
      stage: stage + 1,
      title: `Wait until the running service uses ${canary.name} = ${String(value)}`,
      action: { kind: 'prove-flag-group', group: canary.group },
      cap_ms: facts.acknowledgeWithinMs,
      essential: to === 'default',
    };
    return facts.fastPath ? [set, prove] : [set];
  };
  return sealMaintenance(facts, [], [...turn('safe', 1), ...turn('default', 3)]);
}
