import {
  type Alarm,
  type AlarmCode,
  type AlarmDecision,
  type AlarmSettings,
  decideAlarm,
  incidentOfAlarm,
} from '../model/alarm.ts';
import { BackoutError } from '../model/error.ts';
import type { ExecutionOutcome } from '../model/execution.ts';
import { listOff } from '../model/still-off.ts';
import { within } from '../ports/clock.ts';
import { nextCommand } from './finish-rollback.ts';
import { makeSafe } from './make-safe.ts';
import type { OperationPorts, RollbackResult } from './operation-ports.ts';
import type { PlanFacts } from './plan-rollback.ts';

/** Longest that looking for an earlier copy of the alarm may hold up making safe. */
const LOOK_CAP_MS = 1_000;

/** What was done about an alarm: what is proven, what is not, what is off, what is next. */
export interface AlarmAnswer {
  decision: AlarmDecision['decision'];
  code: AlarmCode;
  reason: string;
  notes: string[];
  alarm?: { name: string; state: string; stamp: string };
  rules?: string[];
  incident?: string;
  outcome?: ExecutionOutcome;
  /** From the start until it was proven, and what the level's budget is, in milliseconds. */
  within_budget_ms?: number;
  budget_ms?: number;
  proven?: string[];
  not_proven?: string[];
  still_off?: string[];
  problems?: string[];
  next?: string;
}

export interface AlarmContext extends AlarmSettings {
  /** The plan facts of these rules taken together. */
  factsOf: (rules: readonly string[]) => PlanFacts;
}

/**
 * Decides about an alarm and, if it is to act, makes safe. The same alarm twice does nothing twice,
 * and never undoes what a person decided in between.
 * @throws BackoutError E_NOT_SAFE (failed, retryable) when neither the flags nor the breakers
 *   could be moved: whoever delivers alarms delivers it again
 */
export async function answerAlarm(
  ports: OperationPorts,
  alarm: Alarm,
  context: AlarmContext,
): Promise<AlarmAnswer> {
  const decided = decideAlarm(alarm, context, ports.clock.now());
  const answer: AlarmAnswer = {
    decision: decided.decision,
    code: decided.code,
    reason: decided.reason,
    notes: alarm.notes,
    alarm: { name: alarm.name, state: alarm.state, stamp: alarm.stamp },
    ...(decided.rules.length === 0 ? {} : { rules: decided.rules }),
  };
  if (decided.decision !== 'act') return answer;
  const place = await findPlace(ports, alarm);
  if (place.kind === 'lifted') {
    return {
      ...answer,
      decision: 'ignore',
      code: 'duplicate',
      reason: `This alarm was answered before, and ${place.by} has ended the safe state since.`,
      incident: place.incident,
    };
  }
  const [rule = 'manual'] = decided.rules;
  const result = await makeSafe(
    { ...ports, facts: context.factsOf(decided.rules) },
    {
      actor: `alarm ${alarm.name}`,
      rule,
      reason: decided.reason,
      ...(place.kind === 'new' ? { incident: place.incident } : {}),
    },
  );
  requireALever(result);
  return { ...answer, ...tell(result, decided) };
}

type Place =
  | { kind: 'new'; incident: string }
  /** An override is in force already: making safe finds its incident by itself. */
  | { kind: 'running' }
  | { kind: 'lifted'; incident: string; by: string };

async function findPlace(ports: OperationPorts, alarm: Alarm): Promise<Place> {
  const incident = incidentOfAlarm(alarm);
  try {
    const { overrides } = await within(ports.clock, LOOK_CAP_MS, () => ports.flags.read());
    const ours = overrides.find((override) => override.incident === incident);
    if (ours?.mode === 'lifted') return { kind: 'lifted', incident, by: ours.by };
    if (overrides.some(({ mode }) => mode === 'safe')) return { kind: 'running' };
  } catch {
    // Flags that cannot be read are no reason to leave them on.
  }
  return { kind: 'new', incident };
}

function requireALever({ execution, incident, problems }: RollbackResult): void {
  const levers = execution.steps.filter(
    ({ step: { action } }) =>
      action.kind === 'engage-override' ||
      (action.kind === 'trip-breakers' && action.providers.length > 0),
  );
  if (levers.some(({ result }) => result.outcome === 'done')) return;
  throw new BackoutError({
    code: 'E_NOT_SAFE',
    message: `Neither the flags nor the breakers could be moved: ${problems.join('; ')}`,
    state: `Incident ${incident}: nothing is proven safe; some of it may be.`,
    remedy: 'Run `backout emergency` from a machine that reaches the stores.',
    retryable: true,
  });
}

function tell(
  { incident, execution, stillOff, problems }: RollbackResult,
  { level }: AlarmDecision,
): Partial<AlarmAnswer> {
  const proven = execution.steps.filter(({ result }) => result.outcome === 'done');
  const open = execution.steps.filter(({ result }) => result.outcome !== 'done');
  return {
    incident,
    outcome: execution.outcome,
    ...(execution.within_budget_ms === undefined
      ? {}
      : { within_budget_ms: execution.within_budget_ms }),
    budget_ms: execution.plan.budget_ms,
    proven: proven.map(({ step }) => step.title),
    not_proven: open.map(({ step, result }) =>
      result.outcome === 'done' ? step.title : `${step.title}: ${result.problem}`,
    ),
    still_off: listOff(stillOff),
    problems:
      level === 'application'
        ? [...problems, 'Starting level application by itself is not available yet.']
        : problems,
    next: nextCommand(execution),
  };
}
