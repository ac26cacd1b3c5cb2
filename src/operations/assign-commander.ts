import { commanderOf } from '../model/commander.ts';
import { BackoutError } from '../model/error.ts';
import type { Incident } from '../model/incident.ts';
import { announcer } from './announce.ts';
import { incidentClosed } from './incidents.ts';
import { record } from './journal-writer.ts';
import { followCommander } from './lead.ts';
import type { OperationPorts } from './operation-ports.ts';

export interface Assignment {
  incident: string;
  commander: string;
  /** Who led before, where somebody was assigned. */
  previous?: string;
  /** False when they led already: nothing was written, nobody was told again. */
  changed: boolean;
  /** Whom the news did not reach, and why. */
  problems: string[];
}

/**
 * Puts somebody in charge of an incident: recorded, read back, told to the channels. The same name
 * again changes nothing.
 * @throws BackoutError E_INCIDENT_CLOSED, E_NOT_ASSIGNED, E_JOURNAL_UNREACHABLE
 */
export async function assignCommander(
  ports: OperationPorts,
  { id: incident, status }: Incident,
  { actor, commander }: { actor: string; commander: string },
): Promise<Assignment> {
  if (status === 'closed') {
    throw incidentClosed(incident, 'Name an open one: `backout incident list` has them.');
  }
  const previous = commanderOf(await ports.journal.read(ports.scope, incident));
  const before = previous === undefined ? {} : { previous };
  if (previous === commander) {
    return { incident, commander, ...before, changed: false, problems: [] };
  }
  const id = ports.ids.next();
  const { stored } = await record(ports, {
    incident,
    key: `commander/${id}`,
    kind: 'note',
    actor,
    text: `${commander} is the commander of this incident.`,
    data: { commander, previous },
  });
  if (stored === 'spool') {
    throw notAssigned(
      'The journal cannot be reached: the assignment waits on this machine.',
      'Nobody else can see it yet; the next command on this machine carries it over.',
      `Tell people yourself; see who leads with \`backout incident show ${incident}\`.`,
    );
  }
  const now = commanderOf(await ports.journal.read(ports.scope, incident));
  if (now !== commander) {
    throw notAssigned(
      `${now ?? 'Nobody'} leads this incident: an assignment that carries a later time counts.`,
      'Both assignments are in the journal.',
      'Compare the clocks of the two machines, settle who leads, then assign again.',
    );
  }
  const news = announcer(ports, incident, new Set(), followCommander(ports, incident, commander));
  news.say('commander-assigned', `commander/${id}`, {
    reason: `${commander} leads this incident`,
    by: actor,
  });
  return { incident, commander, ...before, changed: true, problems: await news.settle() };
}

function notAssigned(message: string, state: string, remedy: string): BackoutError {
  const kind = 'uncertain';
  return new BackoutError({ code: 'E_NOT_ASSIGNED', kind, message, state, remedy });
}
