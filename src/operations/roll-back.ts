import type { StageResult } from '../model/check.ts';
import { BackoutError } from '../model/error.ts';
import type { JournalEntry } from '../model/journal.ts';
import type { Level } from '../model/level.ts';
import { type Plan, shortHash } from '../model/plan.ts';
import { detailsOf, heldBy, type Release } from '../model/release.ts';
import type { ReleaseRef } from '../ports/target.ts';
import { commanderOf } from '../model/commander.ts';
import { announcer, messagesSent } from './announce.ts';
import { type Assessment, assess } from './assess.ts';
import { recordBaseline } from './baseline.ts';
import { chooseRelease, requireNotRolledBack } from './choose-release.ts';
import { executePlan } from './execute-plan.ts';
import { finishRollback } from './finish-rollback.ts';
import { followCommander } from './lead.ts';
import { findIncident, incidentClosed, newIncidentId, openIncident } from './incidents.ts';
import { record } from './journal-writer.ts';
import { broughtBy } from './last-move.ts';
import { type HeldLeases, withLeases } from './leases.ts';
import { departedRelease, mixedParts } from './live-state.ts';
import type { OperationPorts, Request, RollbackResult } from './operation-ports.ts';
import { prepareReturn } from './prepare-return.ts';
import { planApplication, planFlags, type Way } from './plan-rollback.ts';
import { requireServicesFree } from './service-dependencies.ts';
import { reportProgress } from './report-progress.ts';
import { stepHandlers } from './step-handlers.ts';
import { requireNothingUnfinished, requireNotHalfDone, requireSameGoal } from './unfinished.ts';

export interface PreparedRollback {
  level: Level;
  plan: Plan;
  assessment: Assessment;
  /** Whether a person named the release. */
  named: boolean;
}

/** Looks at the situation and makes the plan. Changes nothing. @throws BackoutError */
export async function prepareRollback(
  ports: OperationPorts,
  level: Level,
  named: string | undefined,
  accepted: readonly string[] = [],
): Promise<PreparedRollback> {
  const assessment = await assess(ports, level === 'application' ? 'plan' : 'report', named);
  switch (level) {
    case 'flags':
      return { level, assessment, plan: planFlags(ports.facts), named: false };
    case 'application': {
      requireNotHalfDone(assessment, named);
      if (named === undefined) requireNotRolledBack(assessment);
      const to = chooseRelease(assessment, named, accepted);
      if (named === undefined) requireSameGoal(assessment, to.tag);
      const { facts } = ports;
      const way = {
        ...departure(assessment, to),
        to,
        recorded: detailsOf(assessment.releases, to.tag),
      };
      const plan = planApplication(facts, { ...way, accepted });
      return { level, assessment, plan, named: named !== undefined };
    }
    case 'database':
      throw databaseNotAvailable();
    default:
      return level satisfies never;
  }
}

export function databaseNotAvailable(): BackoutError {
  return new BackoutError({
    code: 'E_NOT_AVAILABLE',
    kind: 'refused',
    message: 'Rolling back a database is not available yet.',
    remedy: 'Make the service safe with `backout emergency`, then restore by hand.',
  });
}

/** What a rollback leaves: as the targets say, or as the one said that is started again by this. */
function departure(
  { targets, tags, releases, lastMove }: Assessment,
  to: ReleaseRef,
): Omit<Way, 'to' | 'recorded'> {
  const again = lastMove?.isReturn === false && lastMove.to === to.tag;
  const left = departedRelease(targets, to, { tags, releases });
  return {
    from: left ?? (again ? lastMove.from : undefined),
    hold: left === undefined ? undefined : holdInstead(left, lastMove, releases),
    parts: mixedParts(targets),
  };
}

/**
 * A rollback that was not proven may have brought its release late, or something else under its tag.
 * Going on from there, what that one left is what is bad, and no hold names its good release.
 */
function holdInstead(
  left: ReleaseRef,
  lastMove: Assessment['lastMove'],
  releases: readonly Release[],
): ReleaseRef | undefined {
  if (lastMove === undefined || lastMove.isReturn || lastMove.state === 'done') return undefined;
  if (lastMove.to !== left.tag || lastMove.from === undefined) return undefined;
  const isHeld = heldBy(releases, lastMove.from) !== undefined;
  const isOther = broughtBy(lastMove.plan)?.commit !== left.commit;
  return isHeld && !isOther ? undefined : lastMove.from;
}

/**
 * Carries a prepared rollback out, under the leases of its targets.
 * @throws BackoutError E_LEASE_HELD: somebody else is at it, nothing was changed
 * @throws BackoutError E_DEPENDENCY: a service that comes before this one is not done
 * @throws BackoutError E_UNFINISHED: an interrupted rollback of the incident has to be resumed first
 * @throws BackoutError E_PLAN_CHANGED: the situation is not the one that was planned for
 */
export async function rollBack(
  ports: OperationPorts,
  prepared: PreparedRollback,
  request: Request & { incident?: string; approvedBy?: string },
): Promise<RollbackResult> {
  const { level, plan } = prepared;
  const found = await findIncident(ports, request.incident);
  if (found?.status === 'closed') throw incidentClosed(found.id);
  const incident = found?.id ?? newIncidentId(ports);
  return await underLeases(ports, plan, incident, 0, async (held) => {
    const before = found === undefined ? [] : await ports.journal.read(ports.scope, incident);
    if (found !== undefined) await requireNothingUnfinished(ports, found, before, prepared);
    await requireSamePlan(ports, prepared);
    if (found === undefined) await openIncident(ports, incident, request);
    const id = `${level}-${ports.ids.next()}`;
    await record(ports, {
      incident,
      key: `${id}/decision`,
      kind: 'decision',
      actor: request.actor,
      text: `Decided on ${plan.undoes === undefined ? `level ${level}` : `the return to ${plan.to ?? '?'}`}: ${request.reason}`,
      data: {
        execution: id,
        reason: request.reason,
        rule: request.rule,
        approved_by: request.approvedBy,
        plan,
      },
    });
    if (level !== 'flags') {
      await recordBaseline(ports, { incident, execution: id, actor: request.actor });
    }
    const commander = commanderOf(before);
    return await carryOut(ports, held, { id, incident, plan, request, entries: [], commander });
  });
}

/**
 * Under the lease nobody else changes the targets: the plan is checked against what is true now.
 * @throws BackoutError E_PLAN_CHANGED, E_DEPENDENCY (refused)
 */
async function requireSamePlan(
  ports: OperationPorts,
  { level, plan }: PreparedRollback,
): Promise<void> {
  const now =
    plan.undoes === undefined
      ? await prepareRollback(ports, level, plan.to, plan.accepted)
      : await prepareReturn(ports, plan.undoes.incident);
  if (level !== 'flags') requireServicesFree(now.assessment.services, ports.scope);
  if (now.plan.hash === plan.hash) return;
  throw new BackoutError({
    code: 'E_PLAN_CHANGED',
    kind: 'refused',
    message: `The situation changed: plan ${shortHash(plan.hash)} would now be ${shortHash(now.plan.hash)}.`,
    remedy: 'Look again with `backout plan`, then start the rollback from that.',
  });
}

/** Takes the plan's leases, waiting at most `waitMs` for somebody else's to run out. */
export async function underLeases(
  ports: OperationPorts,
  plan: Plan,
  incident: string,
  waitMs: number,
  work: (held: HeldLeases) => Promise<RollbackResult>,
): Promise<RollbackResult> {
  const { leases, clock, settings, observe } = ports;
  const request = {
    resources: plan.resources,
    holder: settings.holder,
    incident,
    ttlMs: settings.leaseTtlMs,
  };
  const note = (text: string): void => observe({ type: 'note', text });
  return await withLeases({ leases, clock, request, waitMs, note }, work);
}

/** One execution to be carried out, or continued where its entries end. */
export interface Work {
  id: string;
  incident: string;
  plan: Plan;
  request: Request;
  entries: readonly JournalEntry[];
  /** Who was assigned to lead the incident so far. */
  commander: string | undefined;
}

/** Executes under leases already held, with messages, verdicts and the postmortem draft. */
export async function carryOut(
  ports: OperationPorts,
  leases: HeldLeases,
  work: Work,
): Promise<RollbackResult> {
  const { id, incident, plan, request, entries } = work;
  const stages: StageResult[] = [];
  const lead = followCommander(ports, incident, work.commander);
  const news = announcer(ports, incident, messagesSent(entries), lead);
  const onStage = async (stage: StageResult): Promise<void> => {
    stages.push(stage);
    await record(ports, {
      incident,
      key: `${id}/verdict/${stage.stage}/${ports.ids.next()}`,
      kind: 'verdict',
      actor: request.actor,
      text: `Validation ${stage.stage}: ${stage.verdict}.`,
      data: {
        execution: id,
        stage: stage.stage,
        verdict: stage.verdict,
        measurements: stage.measurements,
      },
    });
  };
  const observe = reportProgress(ports, news, { id, plan, request });
  const execution = await executePlan(
    { ...ports, observe, leases, handlerFor: stepHandlers({ ...ports, onStage }) },
    {
      ...request,
      id,
      incident,
      plan,
      entries,
      journalRequired: plan.level !== 'flags',
    },
  );
  const finished = await finishRollback(ports, news, { execution, request });
  return { incident, execution, stages, ...finished };
}
