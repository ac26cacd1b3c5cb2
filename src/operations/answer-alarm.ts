import type { ClockStart } from '../model/clock-start.ts';
import {
  type Alarm,
  type AlarmCode,
  type AlarmDecision,
  type AlarmSettings,
  dedupeKeyOf,
  incidentOfSignal,
  instantOf,
} from '../model/alarm.ts';
import { decideSignalled, needsSecondLook } from '../model/alarm-decision.ts';
import { describeCause, BackoutError } from '../model/error.ts';
import type { ExecutionOutcome } from '../model/execution.ts';
import type { NewEntry } from '../model/journal.ts';
import type { Signalled } from '../model/signalled.ts';
import { listOff } from '../model/still-off.ts';
import type { Alarms } from '../ports/alarms.ts';
import { timestamp, within } from '../ports/clock.ts';
import type { IncidentClock } from '../ports/incident-clock.ts';
import { announcer } from './announce.ts';
import { nextCommand } from './finish-rollback.ts';
import { makeSafeInHaste } from './make-safe-in-haste.ts';
import { recordObserved } from './observed.ts';
import type { OperationPorts, RollbackResult } from './operation-ports.ts';
import type { PlanFacts } from './plan-rollback.ts';
import { rereadAlarm, readChanges } from './read-alarm.ts';

/** Longest that looking for an earlier copy of the alarm may hold up making safe. */
const LOOK_CAP_MS = 400;
/** Longest that starting the clock of the incident may take; it runs beside the rest. */
const CLOCK_CAP_MS = 1_000;

/** What was done about an alarm: what is proven, what is not, what is off, what is next. */
export interface AlarmAnswer {
  decision: AlarmDecision['decision'];
  code: AlarmCode;
  reason: string;
  notes: string[];
  /** What makes two deliveries the same. */
  dedupe_key?: string;
  alarm?: { name: string; state: string; stamp: string; contributor?: string };
  rules?: string[];
  /** Highest level that may run without a person, and why it stays at flags where it does. */
  level?: AlarmDecision['level'];
  held_at_flags?: string;
  incident?: string;
  /** Whether the timers of the incident run: updates, escalations, what comes after making safe. */
  clock?: 'started' | 'running' | 'not-started';
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

export interface AlarmPorts extends OperationPorts {
  /** What the monitoring says beyond the event; left out: nobody can ask it. */
  alarms?: Alarms;
  /** Left out: nothing here runs for hours. */
  incidentClock?: IncidentClock;
}

/** An answer, and the entries of the record that only the log can keep now. */
export interface Answered {
  answer: AlarmAnswer;
  unwritten: NewEntry[];
}

/**
 * Decides about what a function was called about and, if it is to act, makes safe. The same alarm
 * twice does nothing twice, and never undoes what a person decided in between. Answers within 5 s,
 * whatever hangs.
 * @throws BackoutError E_NOT_SAFE (failed, retryable) when neither the flags nor the breakers
 *   could be moved: whoever delivers alarms delivers it again
 */
export async function answerAlarm(
  ports: AlarmPorts,
  signalled: Signalled,
  context: AlarmContext,
): Promise<Answered> {
  const startedAt = ports.clock.now();
  const alarm = signalled.kind === 'alarm' ? signalled.alarm : undefined;
  const looksAgain = alarm !== undefined && needsSecondLook(alarm, context, startedAt);
  const reread = looksAgain ? await rereadAlarm(ports, alarm) : undefined;
  const evidence = reread === undefined ? {} : { reread };
  const decided = decideSignalled(signalled, context, startedAt, evidence);
  const answer = describe(signalled, decided);
  switch (decided.decision) {
    case 'act':
      return await act(ports, signalled, { decided, answer, context, startedAt });
    case 'investigate':
      return await investigate(ports, signalled, decided, answer);
    case 'observe':
      return { answer: await observe(ports, signalled, decided, answer), unwritten: [] };
    case 'refuse': {
      const problems = decided.code === 'E_ALARM_REREAD' ? await callPerson(ports, decided) : [];
      return { answer: { ...answer, problems }, unwritten: [] };
    }
    case 'ignore':
      return { answer, unwritten: [] };
    default:
      return decided.decision satisfies never;
  }
}

function describe(signalled: Signalled, decided: AlarmDecision): AlarmAnswer {
  const key = dedupeKeyOf(signalled);
  const alarm = signalled.kind === 'alarm' ? signalled.alarm : undefined;
  return {
    decision: decided.decision,
    code: decided.code,
    reason: decided.reason,
    notes: alarm?.notes ?? [],
    ...(key === undefined ? {} : { dedupe_key: key }),
    ...(alarm === undefined ? {} : { alarm: nameAlarm(alarm) }),
    ...(decided.rules.length === 0 ? {} : { rules: decided.rules }),
    ...(decided.level === undefined ? {} : { level: decided.level }),
    ...(decided.held_at_flags === undefined ? {} : { held_at_flags: decided.held_at_flags }),
  };
}

function nameAlarm({ name, state, stamp, contributor }: Alarm): NonNullable<AlarmAnswer['alarm']> {
  return { name, state, stamp, ...(contributor === undefined ? {} : { contributor }) };
}

interface Acting {
  decided: AlarmDecision;
  answer: AlarmAnswer;
  context: AlarmContext;
  startedAt: number;
}

async function act(
  ports: AlarmPorts,
  signalled: Signalled,
  { decided, answer, context, startedAt }: Acting,
): Promise<Answered> {
  const place = await findPlace(ports, signalled);
  const { incident } = place;
  if (place.kind === 'lifted') {
    const reason = `This alarm was answered before, and ${place.by} has ended the safe state since.`;
    const repeated = { decision: 'ignore' as const, code: 'duplicate' as const, reason, incident };
    return { answer: { ...answer, ...repeated }, unwritten: [] };
  }
  const [rule = 'manual'] = decided.rules;
  // The signal is looked into beside making safe: it decides about what comes after that only.
  const [result, clock] = await Promise.all([
    makeSafeInHaste(
      { ...ports, facts: context.factsOf(decided.rules) },
      { actor: actorOf(signalled), rule, reason: decided.reason, incident },
      { startedAt, isNews: place.kind === 'new' },
    ),
    judgeSignal(ports, signalled, decided, context, startedAt).then((judged) =>
      startClock(ports, signalled, judged, incident),
    ),
  ]);
  requireALever(result);
  const told = tell(result);
  const answered: AlarmAnswer = {
    ...answer,
    ...told,
    ...clock.said,
    problems: [...(told.problems ?? []), ...clock.problems],
  };
  return { answer: answered, unwritten: result.unwritten };
}

/** The decision with what the monitoring says of how far the signal can be trusted. */
async function judgeSignal(
  ports: AlarmPorts,
  signalled: Signalled,
  decided: AlarmDecision,
  context: AlarmContext,
  now: number,
): Promise<AlarmDecision> {
  if (signalled.kind !== 'alarm' || decided.level !== 'application') return decided;
  const changes = await readChanges(ports, signalled.alarm, now - context.flapping.withinMs);
  if (changes === undefined) return decided;
  // It was looked up again where that was needed, and is red.
  return decideSignalled(signalled, context, now, { changes, reread: 'ALARM' });
}

async function investigate(
  ports: AlarmPorts,
  signalled: Signalled,
  decided: AlarmDecision,
  answer: AlarmAnswer,
): Promise<Answered> {
  const incident = incidentOfSignal(signalled);
  const { said, problems } = await startClock(ports, signalled, decided, incident);
  // Nobody would wait, look again and decide: then a person has to.
  const called = said.clock === 'not-started' ? await callPerson(ports, decided, incident) : [];
  return {
    answer: { ...answer, incident, ...said, problems: [...problems, ...called] },
    unwritten: [],
  };
}

async function observe(
  ports: AlarmPorts,
  signalled: Signalled,
  decided: AlarmDecision,
  answer: AlarmAnswer,
): Promise<AlarmAnswer> {
  try {
    await recordObserved(ports, signalled, decided);
    return answer;
  } catch (error) {
    return { ...answer, problems: [`Not written down for the report: ${describeCause(error)}`] };
  }
}

async function startClock(
  ports: AlarmPorts,
  signalled: Signalled,
  decided: AlarmDecision,
  incident: string,
): Promise<{ said: Pick<AlarmAnswer, 'clock' | 'held_at_flags'>; problems: string[] }> {
  const { held_at_flags: held } = decided;
  const said = held === undefined ? {} : { held_at_flags: held };
  const { incidentClock, clock } = ports;
  if (incidentClock === undefined) {
    const problem =
      'No clock runs for this incident: nobody is called, and nothing goes on by itself.';
    return { said: { ...said, clock: 'not-started' }, problems: [problem] };
  }
  try {
    const start = clockStart(ports, signalled, decided, incident);
    const { started } = await within(clock, CLOCK_CAP_MS, () => incidentClock.start(start));
    return { said: { ...said, clock: started ? 'started' : 'running' }, problems: [] };
  } catch (error) {
    const problem = `The clock of the incident is not known to run: ${describeCause(error)}`;
    return { said: { ...said, clock: 'not-started' }, problems: [problem] };
  }
}

function clockStart(
  ports: AlarmPorts,
  signalled: Signalled,
  { decision, rules, reason, level = 'flags', held_at_flags: held }: AlarmDecision,
  incident: string,
): ClockStart {
  const alarm = signalled.kind === 'alarm' ? signalled.alarm : undefined;
  return {
    incident,
    ...ports.scope,
    decision: decision === 'investigate' ? 'investigate' : 'act',
    rule: rules[0] ?? 'manual',
    reason,
    actor: actorOf(signalled),
    at: timestamp(ports.clock),
    level,
    ...(held === undefined ? {} : { held_at_flags: held }),
    ...(alarm === undefined
      ? {}
      : {
          alarm: {
            name: alarm.name,
            arn: alarm.arn,
            stamp: alarm.stamp,
            ...(alarm.contributor === undefined ? {} : { contributor: alarm.contributor }),
          },
        }),
  };
}

/** Where nothing here may decide, people are told that they have to. */
async function callPerson(
  ports: AlarmPorts,
  { reason, rules }: AlarmDecision,
  incident = 'none',
): Promise<string[]> {
  const news = announcer(ports, incident, new Set(), {
    commander: () => undefined,
    look: () => undefined,
  });
  news.say('person-needed', `${incident}/person-needed/${timestamp(ports.clock)}`, {
    reason,
    by: rules.length === 0 ? 'an alarm' : `rule ${rules.join(', ')}`,
    command: 'backout assess',
  });
  return await news.settle();
}

function actorOf(signalled: Signalled): string {
  switch (signalled.kind) {
    case 'alarm':
      return `alarm ${signalled.alarm.name}`;
    case 'finding':
      return `finding ${signalled.finding.type}`;
    case 'configuration':
    case 'other':
      return 'an event';
    default:
      return signalled satisfies never;
  }
}

type Place =
  | { kind: 'new'; incident: string }
  /** An override is in force already: it is the same trouble until somebody ends it. */
  | { kind: 'running'; incident: string }
  | { kind: 'lifted'; incident: string; by: string };

async function findPlace(ports: AlarmPorts, signalled: Signalled): Promise<Place> {
  const incident = incidentOfSignal(signalled);
  try {
    const overrides = await within(ports.clock, LOOK_CAP_MS, () => ports.flags.overrides());
    const ours = overrides.find((override) => override.incident === incident);
    if (ours?.mode === 'lifted' && isCopy(signalled, ours.since)) {
      return { kind: 'lifted', incident, by: ours.by };
    }
    const running = overrides
      .filter((override) => override.mode === 'safe')
      .toSorted((a, b) => (a.since < b.since ? 1 : -1))[0];
    if (running !== undefined) return { kind: 'running', incident: running.incident };
  } catch {
    // Flags that cannot be read are no reason to leave them on.
  }
  return { kind: 'new', incident };
}

/** Incidents are named by the minute: what went off after the lift is no copy of what was before. */
function isCopy(signalled: Signalled, liftedAt: string): boolean {
  const at = instantOf(signalled);
  return at === undefined || at <= Date.parse(liftedAt);
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

function tell({ incident, execution, stillOff, problems }: RollbackResult): Partial<AlarmAnswer> {
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
    problems,
    next: nextCommand(execution),
  };
}
