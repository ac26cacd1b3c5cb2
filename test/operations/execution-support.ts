/** Plans of made-up steps, each with an effect that can be counted and made to misbehave. */

import { memoryJournal } from '../../src/adapters/memory/journal.ts';
import type { ExecutionResult } from '../../src/model/execution.ts';
import type { JournalEntry } from '../../src/model/journal.ts';
import { type Plan, sealPlan, type Step } from '../../src/model/plan.ts';
import type { ProgressEvent } from '../../src/model/progress.ts';
import {
  executePlan,
  type ExecutionPorts,
  type ExecutionRequest,
} from '../../src/operations/execute-plan.ts';
import { NO_LEASES } from '../../src/operations/leases.ts';
import type { StepHandler } from '../../src/operations/step-handler.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { sequentialIds } from '../support/memory-ports.ts';

/** A step that changes something, named by its target. */
export function change(name: string, stage: number, more: Partial<Step> = {}): Step {
  return {
    id: name,
    stage,
    title: `Change ${name}`,
    action: { kind: 'deploy', target: name, tag: 'v1.1.0', commit: 'b'.repeat(40) },
    cap_ms: 10_000,
    essential: true,
    ...more,
  };
}

/** A step that changes nothing. */
export function look(name: string, stage: number, more: Partial<Step> = {}): Step {
  const action: Step['action'] = { kind: 'preflight', target: name, tag: 'v1.1.0', commit: 'b' };
  return change(name, stage, { title: `Look at ${name}`, action, ...more });
}

export function planOf(...steps: Step[]): Plan {
  return sealPlan({
    service: 'storefront',
    environment: 'production',
    level: 'application',
    from: 'v1.2.0',
    to: 'v1.1.0',
    config_hash: 'c'.repeat(64),
    budget_ms: 300_000,
    budget_ends_with: steps.at(-1)?.id ?? '',
    resources: [],
    steps,
  });
}

/** What outlives a process: the journal, and the effects. */
export interface World {
  clock: FakeClock;
  journal: ReturnType<typeof memoryJournal>;
  /** Every effect in order, by name of step. */
  effects: string[];
  /** What happened in which order: `apply web`, `confirm web`, and the journal's `intent web`. */
  calls: string[];
  events: ProgressEvent[];
}

export function newWorld(): World {
  const clock = fakeClock();
  return { clock, journal: memoryJournal(), effects: [], calls: [], events: [] };
}

export type Plays = Record<string, Partial<StepHandler>>;

/** Ports over a world; a play replaces what the step of that name does. */
export function portsOf(world: World, plays: Plays = {}): ExecutionPorts {
  const { clock, journal, effects, calls, events } = world;
  return {
    clock,
    ids: sequentialIds(),
    journal: {
      ...journal,
      async append(entry) {
        const appended = await journal.append(entry);
        const { step } = entry.data;
        if (entry.kind !== 'budget')
          calls.push(typeof step === 'string' ? `${entry.kind} ${step}` : entry.kind);
        return appended;
      },
    },
    leases: NO_LEASES,
    observe: (event) => events.push(event),
    handlerFor: (action) => {
      const name = 'target' in action ? action.target : action.kind;
      const play = plays[name] ?? {};
      return {
        ...(play.confirmMs === undefined ? {} : { confirmMs: play.confirmMs }),
        async apply(context) {
          calls.push(`apply ${name}`);
          if (play.apply !== undefined) return await play.apply(context);
          effects.push(name);
        },
        async confirm(context) {
          calls.push(`confirm ${name}`);
          if (play.confirm !== undefined) return await play.confirm(context);
          return effects.includes(name)
            ? { state: 'done', detail: `${name} is changed.` }
            : { state: 'not-done', detail: `${name} is not changed.` };
        },
      };
    },
  };
}

export const INCIDENT = 'incident1';

export async function entriesOf(world: World): Promise<JournalEntry[]> {
  return await world.journal.read({ service: 'storefront', environment: 'production' }, INCIDENT);
}

/** Executes a plan, or goes on with it where the journal says. */
export async function execute(
  world: World,
  plan: Plan,
  given: {
    plays?: Plays;
    ports?: Partial<ExecutionPorts>;
    request?: Partial<ExecutionRequest>;
  } = {},
): Promise<ExecutionResult> {
  const request: ExecutionRequest = {
    id: 'execution1',
    incident: INCIDENT,
    plan,
    actor: 'kim',
    reason: 'error rate 21 %',
    rule: 'manual',
    entries: await entriesOf(world),
    journalRequired: true,
    ...given.request,
  };
  const ports = { ...portsOf(world, given.plays), ...given.ports };
  return await world.clock.run(executePlan(ports, request));
}

/** `[id, outcome]` of every step. */
export function outcomes(result: ExecutionResult): [string, string][] {
  return result.steps.map(({ step, result: { outcome } }) => [step.id, outcome]);
}
