import { targetResource } from '../model/lease.ts';
import type { Level } from '../model/level.ts';
import { type Plan, type Step, sealPlan } from '../model/plan.ts';
import type { ReleaseDetails } from '../model/release.ts';
import type { Scope } from '../model/scope.ts';
import type { ReleaseRef } from '../ports/target.ts';
import {
  deploySteps,
  placeSteps,
  type UnplacedStep,
  validationSteps,
} from './plan-deploy-steps.ts';

/** Caps of the single steps, in milliseconds. Calls inside have shorter ones of their own. */
export const CAP_MS = {
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
  eligibility?: {
    floor?: string;
    missingSecrets: string[];
    candidates: number;
    /** Which tags are releases, for the words of a message. */
    tagPattern?: string;
  };
  budgetsMs: Record<Level, number>;
  /** Targets in the order of rolling back; neighbours of one `stage` side by side. */
  targets: { name: string; timeoutMs: number; preflightMs: number; stage?: number }[];
  /** Services that are rolled back before this one; left out: none. */
  dependsOn?: readonly string[];
  /** Stages of validation with their distance from the deployment. */
  stages: { name: string; afterMs: number }[];
  /** Longest time of the checks around the end of a stage, where the usual minute is too short. */
  checksMs?: number;
  /** How long verdicts have to stay passed after the deployment, and how often to look. */
  bake: { durationMs: number; everyMs: number };
}

/** From where to where. */
export interface Way {
  /** What is left, and held unless `hold` says otherwise; undefined where nothing is known to be. */
  from: ReleaseRef | undefined;
  /** What is held in its place, where what is left may be good: what an earlier rollback left. */
  hold?: ReleaseRef | undefined;
  /** Tags by target, where the targets do not all say the same. */
  parts?: Record<string, string> | undefined;
  to: ReleaseRef;
  /** What `to` was recorded to be: its artefacts are what is deployed. Left out: nothing of it. */
  recorded?: Pick<ReleaseDetails, 'artefacts'> | undefined;
}

/** For a function, which has to answer within seconds: what its steps may cost, in milliseconds. */
export interface Haste {
  overrideMs: number;
  breakersMs: number;
  /** Most instances take it over at once; who does not is waited for by the incident's clock. */
  proveMs: number;
}

function inHaste(step: Step, haste: Haste): Step {
  const { action, cap_ms: usual } = step;
  const caps: Partial<Record<Step['action']['kind'], number>> = {
    'engage-override': haste.overrideMs,
    'trip-breakers': haste.breakersMs,
    'prove-flags': haste.proveMs,
  };
  const cap = Math.min(usual, caps[action.kind] ?? usual);
  if (action.kind !== 'engage-override') return { ...step, cap_ms: cap };
  const { expect: _all, flags: _each, ...override } = action;
  return { ...step, action: override, cap_ms: cap };
}

/** Level flags: the safe state, and the proof that the service took it. */
export function planFlags(facts: PlanFacts, haste?: Haste): Plan {
  const steps = safeSteps(facts, true);
  return sealPlan({
    service: facts.service,
    environment: facts.environment,
    level: 'flags',
    config_hash: facts.configHash,
    budget_ms: facts.budgetsMs.flags,
    budget_ends_with: facts.fastPath ? 'prove-flags' : 'engage-override',
    resources: [],
    steps: haste === undefined ? steps : steps.map((step) => inHaste(step, haste)),
  });
}

/**
 * Level application: the safe state first (it costs nothing when it is on already), proof that the
 * artefacts exist, the targets in their stages, the hold on what was live, and the validation.
 */
export function planApplication(
  facts: PlanFacts,
  {
    from,
    hold: instead,
    parts,
    to,
    recorded,
    accepted = [],
  }: Way & { accepted?: readonly string[] },
): Plan {
  const held = instead ?? from;
  const hold = held === undefined ? [] : [holdStep(held)];
  return sealPlan({
    service: facts.service,
    environment: facts.environment,
    level: 'application',
    ...(from === undefined ? {} : { from: from.tag }),
    ...(parts === undefined ? {} : { from_parts: parts }),
    to: to.tag,
    ...(accepted.length === 0 ? {} : { accepted: [...accepted] }),
    config_hash: facts.configHash,
    budget_ms: facts.budgetsMs.application,
    budget_ends_with: `validate:${facts.stages[0]?.name ?? 'now'}`,
    resources: facts.targets.map(({ name }) => targetResource(facts, name)),
    steps: [
      ...safeSteps(facts, false),
      ...placeSteps(
        [...deploySteps(facts, to, recorded), [recordStep(to), ...hold], ...validationSteps(facts)],
        3,
      ),
    ],
  });
}

/** Written down before it is validated: it is live, however it turns out. */
export function recordStep(to: ReleaseRef): UnplacedStep {
  return {
    id: 'record-release',
    title: `Record that ${to.tag} is live`,
    action: { kind: 'record-release', ...to },
    cap_ms: CAP_MS.record,
    essential: false,
  };
}

/** Held before it is validated: if validation fails, nothing may bring it back meanwhile either. */
function holdStep(from: ReleaseRef): UnplacedStep {
  return {
    id: 'hold-release',
    title: `Hold ${from.tag} so that nothing deploys it again`,
    action: { kind: 'hold-release', ...from },
    cap_ms: CAP_MS.record,
    essential: false,
  };
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
