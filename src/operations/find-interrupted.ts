import { BackoutError } from '../model/error.ts';
import type { Incident } from '../model/incident.ts';
import type { OperationPorts } from './operation-ports.ts';
import { requireNothingUnfinished } from './unfinished.ts';

/** A rollback that somebody has to finish, before anything else is started. */
export interface Interrupted {
  incident: string;
  /** What is not finished, in a sentence. */
  text: string;
}

/**
 * The rollback of an open incident that was interrupted, by the same rule by which another one is
 * refused. Undefined: none was, or it is over, or no longer fits what is live.
 * @throws BackoutError E_JOURNAL_UNREACHABLE
 */
export async function findInterrupted(
  ports: OperationPorts,
  openIncidents: readonly Incident[],
): Promise<Interrupted | undefined> {
  for (const incident of openIncidents) {
    const entries = await ports.journal.read(ports.scope, incident.id);
    try {
      await requireNothingUnfinished(ports, incident, entries, { named: false, plan: {} });
    } catch (error) {
      if (!(error instanceof BackoutError) || error.code !== 'E_UNFINISHED') throw error;
      return { incident: incident.id, text: error.message };
    }
  }
  return undefined;
}
