import { isComplaint } from '../model/complaints.ts';
import { type Incident, isMaintenance } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import { hashJson } from '../model/json.ts';
import { timestamp } from '../ports/clock.ts';
import { runningIncident } from './incidents.ts';
import type { OperationPorts } from './operation-ports.ts';

/** The incident that a complaint belongs to. */
export interface Place {
  incident: string;
  /** True when it has to be opened first. */
  opens: boolean;
  /** Where the reference was counted before: in this incident, which is open or over. */
  counted?: Incident['status'];
}

/** Clocks differ: an incident closed this much before the window is looked into too. */
const SLACK_MS = 300_000;

/**
 * The incident that counted this reference before; else the newest open one; else a new one. Several
 * may be open: a complaint is not refused for that, and it counts the same in each of them.
 * @param oldest how old a complaint may be to count, in milliseconds since 1970
 */
export async function findPlace(
  ports: OperationPorts,
  reference: string | undefined,
  oldest: number,
): Promise<Place> {
  let incidents: Incident[];
  try {
    incidents = await ports.journal.incidents(ports.scope);
  } catch {
    return await placeWithoutJournal(ports);
  }
  const counted = reference && (await findReference(ports, incidents, reference, oldest));
  if (counted) return { incident: counted.id, opens: false, counted: counted.status };
  const open = incidents.find((one) => one.status === 'open' && !isMaintenance(one));
  if (open !== undefined) return { incident: open.id, opens: false };
  // Named after what was there before it: two reporters that both find nothing open the same one.
  const before = incidents.map(({ id }) => id).toSorted();
  return { incident: `complaints-${hashJson(before).slice(0, 10)}`, opens: true };
}

/**
 * Without the journal: the incident of the safe state, if that is on, because it is open. Else a
 * new one with the same name for all that is reported in this minute, on whichever machine.
 */
async function placeWithoutJournal(ports: OperationPorts): Promise<Place> {
  const running = await runningIncident(ports);
  if (running !== undefined) return { incident: running, opens: false };
  const minute = timestamp(ports.clock).slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-');
  return { incident: `${minute}-complaints`, opens: true };
}

async function findReference(
  ports: OperationPorts,
  incidents: readonly Incident[],
  reference: string,
  oldest: number,
): Promise<Incident | undefined> {
  try {
    const entries = await readAll(ports, recent(incidents, oldest));
    const first = entries.find(
      (entry) => isComplaint(entry) && entry.data['reference'] === reference,
    );
    return incidents.find(({ id }) => id === first?.incident);
  } catch {
    // Counting finds out again, and says so.
    return undefined;
  }
}

/**
 * The entries of every incident that may have complaints of the window: users complain about the
 * service, and closing an incident does not make them happy.
 * @param also read in any case
 * @throws BackoutError E_JOURNAL_UNREACHABLE
 */
export async function readRecent(
  ports: OperationPorts,
  oldest: number,
  also: string,
): Promise<JournalEntry[]> {
  const incidents = await ports.journal.incidents(ports.scope);
  return await readAll(ports, [...new Set([also, ...recent(incidents, oldest)])]);
}

function recent(incidents: readonly Incident[], oldest: number): string[] {
  const since = new Date(oldest - SLACK_MS).toISOString();
  return incidents
    .filter(({ status, closedAt }) => status === 'open' || (closedAt ?? since) >= since)
    .map(({ id }) => id);
}

async function readAll(
  { journal, scope }: OperationPorts,
  incidents: readonly string[],
): Promise<JournalEntry[]> {
  return (await Promise.all(incidents.map((id) => journal.read(scope, id)))).flat();
}
