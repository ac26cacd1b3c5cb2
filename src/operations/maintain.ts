import type { ExecutionResult } from '../model/execution.ts';
import { MAINTENANCE_RULE } from '../model/incident.ts';
import type { Plan } from '../model/plan.ts';
import { announcer } from './announce.ts';
import { describeCause } from '../model/error.ts';
import { executePlan } from './execute-plan.ts';
import { openIncident } from './incidents.ts';
import { closeRecord, findRecord, recordOfMonth } from './month-record.ts';
import { maintenanceHandlers, type MaintenancePorts } from './maintenance-steps.ts';
import type { OperationPorts, Request } from './operation-ports.ts';
import { withLeases } from './leases.ts';

export interface MaintenanceRequest extends Omit<Request, 'rule'> {
  /** Where it is recorded. Left out: the one open incident, else the record of the month. */
  incident?: string;
  /** Half a sentence for people: `empty the caches readings`. */
  work: string;
  /** False: only what went wrong is told to the channels. */
  announce: boolean;
}

export interface MaintenanceResult {
  incident: string;
  execution: ExecutionResult;
  problems: string[];
}

/**
 * Carries out a plan that rolls nothing back: caches, services, the flag test. It is journaled and
 * read back like a rollback. It is never resumed: every step can be done twice, so whoever was
 * interrupted starts again.
 *
 * During an incident it belongs to the incident. At any other time it goes into the record of the
 * month, which is open while something is being done or is not done yet, and is never taken for the
 * open incident. (A record for each would bury the incidents: flags are tested every night.)
 * @throws BackoutError E_LEASE_HELD: somebody rolls back or restarts; nothing was changed
 * @throws BackoutError E_JOURNAL_NEEDED, for plans that need an exclusive right
 */
export async function maintain(
  ports: OperationPorts & MaintenancePorts,
  plan: Plan,
  request: MaintenanceRequest,
): Promise<MaintenanceResult> {
  const { clock, leases, settings, observe } = ports;
  const exclusive = plan.resources.length > 0;
  const found = await findRecord(ports, request.incident, exclusive);
  const incident = found?.id ?? recordOfMonth(clock.now());
  const lease = {
    resources: plan.resources,
    holder: settings.holder,
    incident,
    ttlMs: settings.leaseTtlMs,
  };
  const note = (text: string): void => observe({ type: 'note', text });
  const options = { leases, clock, request: lease, waitMs: 0, note };
  return await withLeases(options, async (held) => {
    const { actor, reason, work } = request;
    const about = { actor, reason, rule: MAINTENANCE_RULE };
    const id = `maintenance-${ports.ids.next()}`;
    if (found === undefined) await openIncident(ports, incident, about, `opened/${id}`);
    const execution = await executePlan(
      { ...ports, leases: held, handlerFor: maintenanceHandlers(ports) },
      {
        ...about,
        id,
        incident,
        plan,
        entries: [],
        journalRequired: exclusive,
      },
    );
    const problems = [...execution.problems];
    if (found === undefined && execution.outcome === 'done') {
      await closeRecord(ports, incident, actor, work).catch((error: unknown) => {
        problems.push(`The end is not recorded: ${describeCause(error)}`);
      });
    }
    const isDone = execution.outcome === 'done';
    const news = announcer(ports, incident, new Set());
    if (request.announce || !isDone) {
      news.say(isDone ? 'maintenance-done' : 'maintenance-failed', `${execution.id}/end`, {
        reason,
        by: actor,
        work,
        problems: execution.problems,
      });
    }
    problems.push(...(await news.settle()));
    return { incident, execution, problems };
  });
}
