import { targetResource } from '../model/lease.ts';
import type { Level } from '../model/level.ts';
import { type Plan, type Step, sealPlan } from '../model/plan.ts';
import { artefactOn, type ReleaseDetails } from '../model/release.ts';
import type { Scope } from '../model/scope.ts';
import type { ReleaseRef } from '../ports/target.ts';
import { CHECKS_CAP_MS, slowestCheck } from './watch-bake.ts';

/** Caps of the single steps, in milliseconds. Calls inside have shorter ones of their own. */
const CAP_MS = {
  /** One write of 2 s, tried three times, and the waits between (fault table: SSM 5xx, 10 s). */
  override: 10_000,
  /** One round trip of 1 s, tried three times. */
  breakers: 5_000,
  record: 5_000,
} as const;

export interface PlanFacts extends Scope {
  configHash: string;
  /** Flag groups to make safe; left out = all. */
  groups?: string[];
  /** Every flag group of backout.yml in which a flag has a safe value. */
  groupsWithSafeValues: string[];
  /** Its flags that have a safe value, by group. */
  flagsWithSafeValues?: Record<string, string[]>;
  /** Providers to open; empty = none. */
  providers: string[];
  /** Whether there is a Redis: without one nothing can be announced or acknowledged. */
  fastPath: boolean;
  /** Time for the running instances to acknowledge, in milliseconds. */
  acknowledgeWithinMs: number;
  /** What older releases are measured by; left out: nothing but tags and records. */
  eligibility?: { floor?: string; missingSecrets: string[]; candidates: number };
  budgetsMs: Record<Level, number>;
  /** Targets in the order of rolling back. */
  targets: { name: string; timeoutMs: number; preflightMs: number }[];
  /** Stages of validation with their distance from the deployment. */
  stages: { name: string; afterMs: number }[];
  /** Longest time of the checks around the end of a stage, where the usual minute is too short. */
  checksMs?: number;
  /** How long verdicts have to stay passed after the deployment, and how often to look. */
  bake: { durationMs: number; everyMs: number };
}

/** Level flags: the safe state, and the proof that the service took it. */
export function planFlags(facts: PlanFacts): Plan {
  return sealPlan({
    service: facts.service,
    environment: facts.environment,
    level: 'flags',
    config_hash: facts.configHash,
    budget_ms: facts.budgetsMs.flags,
    budget_ends_with: facts.fastPath ? 'prove-flags' : 'engage-override',
    resources: [],
    steps: safeSteps(facts, true),
  });
}

/**
 * Level application: the safe state first (it costs nothing when it is on already), proof that the
 * artefacts exist, one target after the other, the hold on what was live, and the validation.
 * @param recorded what the release was recorded to be: its artefacts are what is deployed
 */
export function planApplication(
  facts: PlanFacts,
  from: ReleaseRef | undefined,
  to: ReleaseRef,
  accepted: readonly string[] = [],
  recorded?: ReleaseDetails,
): Plan {
  const on = (target: string) => ({ target, ...to, ...artefactOn(recorded, target) });
  const steps = safeSteps(facts, false);
  let stage = 2;
  const add = (step: Omit<Step, 'stage'>, sideBySide = false): void => {
    if (!sideBySide) stage += 1;
    steps.push({ ...step, stage });
  };
  for (const [index, target] of facts.targets.entries()) {
    const preflight: Omit<Step, 'stage'> = {
      id: `preflight:${target.name}`,
      title: `Prove that ${to.tag} can be deployed to ${target.name}`,
      action: { kind: 'preflight', ...on(target.name) },
      cap_ms: target.preflightMs,
      essential: true,
    };
    add(preflight, index > 0);
  }
  for (const target of facts.targets) {
    add({
      id: `deploy:${target.name}`,
      title: `Bring ${to.tag} to ${target.name}`,
      action: { kind: 'deploy', ...on(target.name) },
      cap_ms: target.timeoutMs,
      essential: true,
    });
  }
  add({
    id: 'record-release',
    title: `Record that ${to.tag} is live`,
    action: { kind: 'record-release', ...to },
    cap_ms: CAP_MS.record,
    essential: false,
  });
  if (from !== undefined) {
    // Held before it is validated: if validation fails, nothing may bring it back meanwhile either.
    const hold: Omit<Step, 'stage'> = {
      id: 'hold-release',
      title: `Hold ${from.tag} so that nothing deploys it again`,
      action: { kind: 'hold-release', ...from },
      cap_ms: CAP_MS.record,
      essential: false,
    };
    add(hold, true);
  }
  for (const { name, afterMs } of validationStages(facts)) {
    add({
      id: `validate:${name}`,
      title: `Validate ${name}`,
      action: {
        kind: 'validate',
        stage: name,
        after_ms: afterMs,
        every_ms: facts.bake.everyMs,
        slowest_ms: slowestCheck(facts.checksMs),
      },
      cap_ms: afterMs + Math.max(CHECKS_CAP_MS, facts.checksMs ?? 0),
      essential: true,
    });
  }
  return sealPlan({
    service: facts.service,
    environment: facts.environment,
    level: 'application',
    ...(from === undefined ? {} : { from: from.tag }),
    to: to.tag,
    ...(accepted.length === 0 ? {} : { accepted: [...accepted] }),
    config_hash: facts.configHash,
    budget_ms: facts.budgetsMs.application,
    budget_ends_with: `validate:${facts.stages[0]?.name ?? 'now'}`,
    resources: facts.targets.map(({ name }) => targetResource(facts, name)),
    steps,
  });
}

/** The configured stages; a bake that lasts longer moves the last of them to its end. */
function validationStages({ stages, bake }: PlanFacts): PlanFacts['stages'] {
  const last = stages.length - 1;
  return stages.map((stage, index) =>
    index === last ? { ...stage, afterMs: Math.max(stage.afterMs, bake.durationMs) } : stage,
  );
}

function safeFlags(facts: PlanFacts): { flags?: string[] } {
  const { flagsWithSafeValues: all } = facts;
  if (all === undefined) return {};
  return { flags: safeGroups(facts).flatMap((group) => all[group] ?? []) };
}

function safeGroups({ groups, groupsWithSafeValues: all }: PlanFacts): string[] {
  return all.filter((group) => groups?.includes(group) ?? true);
}

/**
 * The safe state. On its own the override is what counts; ahead of a rollback, a flag store that is
 * down must not keep us from the rollback: the result is partial then.
 */
function safeSteps(facts: PlanFacts, overrideIsEssential: boolean): Step[] {
  const groups = facts.groups === undefined ? {} : { groups: facts.groups };
  const scope = facts.groups === undefined ? 'all flag groups' : facts.groups.join(', ');
  const providers = facts.providers;
  const override: Step = {
    id: 'engage-override',
    stage: 1,
    title: `Put ${scope} to their safe values`,
    action: { kind: 'engage-override', ...groups, expect: safeGroups(facts), ...safeFlags(facts) },
    cap_ms: CAP_MS.override,
    essential: overrideIsEssential,
  };
  if (!facts.fastPath) return [override];
  return [
    override,
    {
      id: 'trip-breakers',
      stage: 1,
      title:
        providers.length === 0
          ? 'Announce the safe state to the running service'
          : `Open the circuit breakers ${providers.join(', ')}`,
      action: { kind: 'trip-breakers', providers, ...groups },
      cap_ms: CAP_MS.breakers,
      essential: false,
    },
    {
      id: 'prove-flags',
      stage: 2,
      title: 'Wait until the running service acknowledges',
      action: { kind: 'prove-flags' },
      cap_ms: facts.acknowledgeWithinMs,
      essential: false,
    },
  ];
}
