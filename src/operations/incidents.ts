import { BackoutError } from '../model/error.ts';
import { type Incident, isMaintenance } from '../model/incident.ts';
import { within } from '../ports/clock.ts';
import type { OperationPorts, Request } from './operation-ports.ts';
import { record } from './journal-writer.ts';

/** `20261123-1412-k3x9a7qd`: sortable by time, unique, harmless in file names and branch names. */
export function newIncidentId(ports: Pick<OperationPorts, 'clock' | 'ids'>): string {
  const [date = '', time = ''] = new Date(ports.clock.now()).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}-${ports.ids.next()}`;
}

/** Longest that finding the incident of an override already there may hold up making safe. */
const LOOK_CAP_MS = 1_000;

/**
 * The incident whose override is in force, so that a second call for the same trouble writes
 * nothing new. Asked of the flag store, never of the journal: making safe does not depend on it.
 */
export async function runningIncident(
  ports: Pick<OperationPorts, 'clock' | 'flags'>,
): Promise<string | undefined> {
  try {
    const overrides = await within(ports.clock, LOOK_CAP_MS, () => ports.flags.overrides());
    return overrides
      .filter((override) => override.mode === 'safe')
      .toSorted((a, b) => (a.since < b.since ? 1 : -1))[0]?.incident;
  } catch {
    return undefined;
  }
}

/** Records the opening; opening an incident again changes nothing. */
export async function openIncident(
  ports: Pick<OperationPorts, 'journal' | 'clock' | 'scope'>,
  incident: string,
  { actor, reason, rule }: Request,
  key = 'opened',
): Promise<void> {
  const text = `Incident opened: ${reason}`;
  const data = { reason, rule };
  await record(ports, { incident, key, kind: 'incident-opened', actor, text, data });
}

/**
 * The incident a person means: the one named, or the only open one.
 * @returns undefined when none is named and none is open
 * @throws BackoutError E_INCIDENT_UNKNOWN, E_INCIDENT_AMBIGUOUS, E_JOURNAL_UNREACHABLE
 */
export async function findIncident(
  ports: Pick<OperationPorts, 'journal' | 'scope'>,
  named: string | undefined,
): Promise<Incident | undefined> {
  const all = await ports.journal.incidents(ports.scope);
  if (named !== undefined) {
    const incident = all.find(({ id }) => id === named);
    if (incident !== undefined) return incident;
    throw new BackoutError({
      code: 'E_INCIDENT_UNKNOWN',
      kind: 'usage',
      message: `There is no incident ${JSON.stringify(named.slice(0, 80))} here.`,
      remedy: 'See `backout incident list` for their names.',
    });
  }
  const open = all.filter((one) => one.status === 'open' && !isMaintenance(one));
  if (open.length <= 1) return open[0];
  throw new BackoutError({
    code: 'E_INCIDENT_AMBIGUOUS',
    kind: 'usage',
    message: `${open.length} incidents are open: ${open.map(({ id }) => id).join(', ')}.`,
    remedy: 'Name the one you mean with --incident.',
  });
}

/** Like {@link findIncident}, where there has to be one. @throws BackoutError E_NO_INCIDENT */
export async function requireIncident(
  ports: Pick<OperationPorts, 'journal' | 'scope'>,
  named: string | undefined,
): Promise<Incident> {
  const incident = await findIncident(ports, named);
  if (incident !== undefined) return incident;
  throw new BackoutError({
    code: 'E_NO_INCIDENT',
    kind: 'usage',
    message: 'No incident is open.',
    remedy: 'See `backout incident list` for closed ones and name one with --incident.',
  });
}

/**
 * The refusal to work in an incident that is over.
 * @param remedy what to do, where it is not to start again in a new incident
 */
export function incidentClosed(
  incident: string,
  remedy = 'To start again leave --incident out: a new incident is opened.',
): BackoutError {
  return new BackoutError({
    code: 'E_INCIDENT_CLOSED',
    kind: 'refused',
    message: `Incident ${incident} is closed.`,
    remedy,
  });
}
