import { commanderOf } from '../model/commander.ts';
import { BackoutError } from '../model/error.ts';
import type { Plan } from '../model/plan.ts';
import { incidentClosed, requireIncident } from './incidents.ts';
import { makeSafe } from './make-safe.ts';
import type { OperationPorts, RollbackResult } from './operation-ports.ts';
import { carryOut, underLeases } from './roll-back.ts';
import { findMisfit, findResumable } from './unfinished.ts';

/**
 * Continues the incident's last execution at the first step that is not proven done.
 * One that ended well is not done again: its result is the answer.
 * @throws BackoutError E_NOTHING_TO_RESUME, E_LEASE_HELD, E_PLAN_STALE, E_LIVE_UNKNOWN
 */
export async function resumeRollback(
  ports: OperationPorts,
  named: string | undefined,
  actor: string,
): Promise<RollbackResult> {
  const incident = await requireIncident(ports, named);
  if (incident.status === 'closed') throw incidentClosed(incident.id);
  const entries = await ports.journal.read(ports.scope, incident.id);
  const { id, plan, reason: said } = findResumable(incident, entries);
  if (plan.level === 'flags') {
    const { reason, rule } = incident;
    const request = { actor, reason, rule, incident: incident.id };
    return await makeSafe(ports, request, { id, plan, entries });
  }
  // A dead holder's lease runs out by itself: wait for that, and not much longer.
  const waitMs = ports.settings.leaseTtlMs + 5_000;
  return await underLeases(ports, plan, incident.id, waitMs, async (held) => {
    await requireStillFitting(ports, plan);
    const { rule } = incident;
    const reason = said ?? incident.reason;
    // Read again under the lease: the other holder may have finished while we waited.
    const current = await ports.journal.read(ports.scope, incident.id);
    return await carryOut(ports, held, {
      id,
      incident: incident.id,
      plan,
      request: { actor, reason, rule },
      entries: current,
      commander: commanderOf(current),
    });
  });
}

/** @throws BackoutError E_PLAN_STALE, E_LIVE_UNKNOWN (refused) */
async function requireStillFitting(ports: OperationPorts, plan: Plan): Promise<void> {
  const misfit = await findMisfit(ports, plan, 'misfit');
  if (misfit === undefined) return;
  if (misfit.kind === 'unread') throw liveUnknown(misfit.why, plan);
  throw new BackoutError({
    code: 'E_PLAN_STALE',
    kind: 'refused',
    message: misfit.why,
    remedy: 'Look with `backout assess`; start a new rollback if one is needed.',
  });
}

/** What is not known stays so until somebody repairs it, or looks and decides. */
function liveUnknown(why: string, { to = '?', undoes }: Plan): BackoutError {
  const decide =
    undoes === undefined
      ? `start it again by name, \`backout rollback application --to ${to}\``
      : `roll back again, \`backout rollback application --to TAG\``;
  return new BackoutError({
    code: 'E_LIVE_UNKNOWN',
    kind: 'refused',
    message: why,
    state: 'Nothing was changed.',
    remedy:
      'Repair what tells what is live, and resume. If that takes too long, see on the machine itself ' +
      `that nothing newer runs there; then ${decide}.`,
  });
}
