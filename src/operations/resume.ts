import { BackoutError } from '../model/error.ts';
import type { Incident } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import { type Plan, readPlan } from '../model/plan.ts';
import { assessLive } from './assess.ts';
import { requireIncident } from './incidents.ts';
import { makeSafe } from './make-safe.ts';
import type { OperationPorts, RollbackResult } from './operation-ports.ts';
import { carryOut, underLeases } from './roll-back.ts';

/**
 * Continues the incident's last execution at the first step that is not proven done.
 * One that ended well is not done again: its result is the answer.
 * @throws BackoutError E_NOTHING_TO_RESUME, E_LEASE_HELD, E_PLAN_STALE
 */
export async function resumeRollback(
  ports: OperationPorts,
  named: string | undefined,
  actor: string,
): Promise<RollbackResult> {
  const incident = await requireIncident(ports, named);
  const entries = await ports.journal.read(ports.scope, incident.id);
  const { id, plan } = lastExecution(incident, entries);
  if (plan.level === 'flags') {
    const { reason, rule } = incident;
    const request = { actor, reason, rule, incident: incident.id };
    return await makeSafe(ports, request, { id, plan, entries });
  }
  // A dead holder's lease runs out by itself: wait for that, and not much longer.
  const waitMs = ports.settings.leaseTtlMs + 5_000;
  return await underLeases(ports, plan, incident.id, waitMs, async (held) => {
    await requireStillFitting(ports, plan);
    const { reason, rule } = incident;
    // Read again under the lease: the other holder may have finished while we waited.
    const current = await ports.journal.read(ports.scope, incident.id);
    return await carryOut(ports, held, {
      id,
      incident: incident.id,
      plan,
      request: { actor, reason, rule },
      entries: current,
    });
  });
}

/**
 * A plan may have lain for days. What is live must be one of its two ends: anything else went live
 * after it, and an older plan never overwrites a newer state.
 * @throws BackoutError E_PLAN_STALE (refused)
 */
async function requireStillFitting(ports: OperationPorts, plan: Plan): Promise<void> {
  const [live, releases] = await Promise.all([assessLive(ports), ports.releases.list(ports.scope)]);
  const refuse = (message: string): BackoutError =>
    new BackoutError({
      code: 'E_PLAN_STALE',
      kind: 'refused',
      message,
      state: `${live ?? 'An unknown release'} is live. Nothing was changed.`,
      remedy: 'Look with `backout assess`; start a new rollback if one is needed.',
    });
  if (live !== undefined && live !== plan.from && live !== plan.to) {
    throw refuse(`${live} went live after this rollback was planned.`);
  }
  const to = releases.find(({ tag }) => tag === plan.to);
  if (to?.hold !== undefined || to?.status === 'bad') {
    throw refuse(`${to.tag} must not be deployed any more: ${to.hold?.reason ?? 'it is bad'}.`);
  }
}

function lastExecution(
  incident: Incident,
  entries: readonly JournalEntry[],
): { id: string; plan: Plan } {
  // The decision comes first, and has the plan too: a process can die between the two.
  for (const { kind, data } of entries.toReversed()) {
    if (kind !== 'execution-started' && kind !== 'decision') continue;
    const plan = readPlan(data['plan']);
    if (typeof data['execution'] === 'string' && plan !== undefined) {
      return { id: data['execution'], plan };
    }
  }
  throw new BackoutError({
    code: 'E_NOTHING_TO_RESUME',
    kind: 'usage',
    message: `Nothing was started in incident ${incident.id} that could be continued.`,
    remedy: 'Start one: `backout emergency` or `backout rollback application`.',
  });
}
