import { BackoutError } from '../model/error.ts';
import { type Incident, MAINTENANCE_RULE } from '../model/incident.ts';
import { timestamp } from '../ports/clock.ts';
import { findIncident, incidentClosed, openIncident } from './incidents.ts';
import { record } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';

/**
 * The incident that this belongs to; undefined when none is open.
 * @param needed false: where the journal cannot be read, it goes into the record of the month
 * @throws BackoutError E_INCIDENT_UNKNOWN, E_INCIDENT_AMBIGUOUS, E_INCIDENT_CLOSED
 */
export async function findRecord(
  ports: OperationPorts,
  named: string | undefined,
  needed: boolean,
): Promise<Incident | undefined> {
  try {
    const found = await findIncident(ports, named);
    if (found?.status === 'closed') throw incidentClosed(found.id);
    return found;
  } catch (error) {
    const isUnreachable = error instanceof BackoutError && error.kind === 'failed';
    if (needed || named !== undefined || !isUnreachable) throw error;
    return undefined;
  }
}

/** `maintenance-202611`. */
export function recordOfMonth(now: number): string {
  return `maintenance-${new Date(now).toISOString().slice(0, 7).replace('-', '')}`;
}

/** Work outside an incident is over: its record is closed until the next. */
export async function closeRecord(
  ports: OperationPorts,
  incident: string,
  actor: string,
  work: string,
): Promise<void> {
  await record(ports, {
    incident,
    key: `closed/${timestamp(ports.clock)}`,
    kind: 'incident-closed',
    actor,
    text: `Done: ${work}.`,
    data: { reason: work },
  });
}

/**
 * Writes down what somebody did that is no work with steps, such as ending a hold: in the open
 * incident, else in the record of the month.
 * @param found what `findRecord` found
 * @returns the incident or record that has it
 */
export async function noteDeed(
  ports: OperationPorts,
  deed: { actor: string; text: string; reason: string; data: Record<string, unknown> },
  found: Incident | undefined,
): Promise<string> {
  const incident = found?.id ?? recordOfMonth(ports.clock.now());
  const id = `note-${ports.ids.next()}`;
  const { actor, text, reason, data } = deed;
  if (found === undefined) {
    const about = { actor, reason, rule: MAINTENANCE_RULE };
    await openIncident(ports, incident, about, `opened/${id}`);
  }
  await record(ports, { incident, key: id, kind: 'note', actor, text, data });
  if (found === undefined) await closeRecord(ports, incident, actor, text);
  return incident;
}
