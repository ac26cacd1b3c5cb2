import { hashJson } from './json.ts';
import type { FlagValue } from './flags.ts';
import type { Level } from './level.ts';
import type { Scope } from './scope.ts';

/** What a step does. Data only: what was approved is what runs. */
export type StepAction =
  /**
   * `expect`, `flags`: groups and flags with safe values in backout.yml: all must read back so. Left
   * out: the override alone is read back, which covers them all, and takes no longer for many.
   */
  | { kind: 'engage-override'; groups?: string[]; expect?: string[]; flags?: string[] }
  | { kind: 'trip-breakers'; providers: string[]; groups?: string[] }
  | { kind: 'prove-flags' }
  /** `artefact`: what the release was recorded to be on this target, where somebody did. */
  | { kind: 'preflight'; target: string; tag: string; commit: string; artefact?: string }
  | { kind: 'deploy'; target: string; tag: string; commit: string; artefact?: string }
  | { kind: 'record-release'; tag: string; commit: string }
  | { kind: 'hold-release'; tag: string; commit: string }
  | { kind: 'end-hold'; tag: string; commit: string }
  /** `slowest_ms`: longest that one check can take when nothing stops the process. */
  | {
      kind: 'validate';
      stage: string;
      after_ms: number;
      every_ms: number;
      slowest_ms: number;
    }
  | { kind: 'flush-cache'; cache: string }
  /** `check`: the one that has to pass before it counts as up. */
  | { kind: 'restart-service'; service: string; check?: string }
  | { kind: 'set-flag'; group: string; flag: string; value: FlagValue }
  | { kind: 'prove-flag-group'; group: string };

/** The smallest idempotent unit: it can be applied twice, and read back. */
export interface Step {
  /** Unique in the plan, stable: `deploy:web`. */
  id: string;
  /** Steps of one stage run side by side; a stage starts when the one before it is over. */
  stage: number;
  /** For people: what is being done, as a sentence without a subject. */
  title: string;
  action: StepAction;
  /** Longest it may take, in milliseconds, read-back included. */
  cap_ms: number;
  /**
   * True: when it is not proven done, later stages do not run. False: the plan goes on and the
   * result is partial.
   */
  essential: boolean;
}

export interface PlanContent extends Scope {
  /** Left out: maintenance, which rolls nothing back (operations/maintain.ts). */
  level?: Level;
  /**
   * What is left, and held: what the targets said is live when the plan was made. Where they said
   * different things, the newest of those.
   */
  from?: string;
  /**
   * Tags by target where the targets did not all say the same, with the commit where one tag ran as
   * two: `v1.2.0 (8bacb93e6d)`. One that is missing did not say.
   */
  from_parts?: Record<string, string>;
  to?: string;
  /** The rollback that is undone: `to` is what it left. Left out: this is none. */
  undoes?: { incident: string; execution: string };
  /** What speaks against `to` and a person accepts, by code (model/eligibility.ts). */
  accepted?: string[];
  /** SHA-256 of the `backout.yml` that counted. */
  config_hash: string;
  /** The level's budget in milliseconds, a clock that warns and pages; it never stops the work. */
  budget_ms: number;
  /** The step that stops the budget's clock: after it, only watching is left. */
  budget_ends_with: string;
  /** Exclusive rights needed; none for level flags, which nothing may hold up. */
  resources: string[];
  steps: Step[];
}

/** Immutable, printable, and named by the hash of all that it says. */
export interface Plan extends PlanContent {
  hash: string;
}

/** Seals a plan. The incident and the time are not part of it: the same situation, the same hash. */
export function sealPlan(content: PlanContent): Plan {
  return { ...content, hash: hashJson(content) };
}

/** Whether a plan says what its hash says: a plan read back from anywhere is checked before use. */
export function isSealed(plan: Plan): boolean {
  const { hash, ...content } = plan;
  return hashJson(content) === hash;
}

/** What a plan is, in a sentence: `level application`, `return to v1.2.0`, or `maintenance`. */
export function describePlan({ level, to, undoes }: Pick<Plan, 'level' | 'to' | 'undoes'>): string {
  if (undoes !== undefined) return `return to ${to ?? '?'}`;
  return level === undefined ? 'maintenance' : `level ${level}`;
}

/** Words for the headlines of level application: back, or forward again. */
export function moveWords({ undoes }: Pick<Plan, 'undoes'>): { noun: string; past: string } {
  return undoes === undefined
    ? { noun: 'ROLLBACK', past: 'ROLLED BACK' }
    : { noun: 'RETURN', past: 'RETURNED' };
}

/** Steps by stage: those of one list run side by side. */
export function stagesOf({ steps }: Pick<Plan, 'steps'>): Step[][] {
  const numbers = [...new Set(steps.map(({ stage }) => stage))].toSorted((a, b) => a - b);
  return numbers.map((number) => steps.filter(({ stage }) => stage === number));
}

/** `3f2a91c04d77`: what people compare and type. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

/** Whether a step changes anything outside, so that the lease must be proven right before it. */
export function isMutation(action: StepAction): boolean {
  switch (action.kind) {
    case 'engage-override':
    case 'trip-breakers':
    case 'deploy':
    case 'record-release':
    case 'hold-release':
    case 'end-hold':
    case 'flush-cache':
    case 'restart-service':
    case 'set-flag':
      return true;
    case 'prove-flags':
    case 'prove-flag-group':
    case 'preflight':
    case 'validate':
      return false;
    default:
      return action satisfies never;
  }
}

/** A plan read back from the journal or a file; undefined when it is not one, or was changed. */
export function readPlan(value: unknown): Plan | undefined {
  return looksLikePlan(value) && isSealed(value) ? value : undefined;
}

/** The hash vouches for the rest: only what {@link sealPlan} made has the right one. */
function looksLikePlan(value: unknown): value is Plan {
  if (value === null || typeof value !== 'object') return false;
  return 'hash' in value && 'steps' in value && Array.isArray(value.steps);
}
