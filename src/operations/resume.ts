import { BackoutError } from '../model/error.ts';
import type { Incident } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import { type Plan, readPlan } from '../model/plan.ts';
import { requireIncident } from './incidents.ts';
import { makeSafe } from './make-safe.ts';
import type { OperationPorts, RollbackResult } from './operation-ports.ts';
import { carryOut, underLeases } from './roll-back.ts';

/**
 * Continues the incident's last execution at the first step that is not proven done.
 * One that ended well is not done again: its result is the answer.
 * @throws BackoutError E_NOTHING_TO_RESUME, E_LEASE_HELD
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

function lastExecution(
  incident: Incident,
  entries: readonly JournalEntry[],
): { id: string; plan: Plan } {
  const started = entries.findLast(({ kind }) => kind === 'execution-started');
  const id = started?.data['execution'];
  const plan = readPlan(started?.data['plan']);
  if (typeof id === 'string' && plan !== undefined) return { id, plan };
  throw new BackoutError({
    code: 'E_NOTHING_TO_RESUME',
    kind: 'usage',
    message: `Nothing was started in incident ${incident.id} that could be continued.`,
    remedy: 'Start one: `backout emergency` or `backout rollback application`.',
  });
}
