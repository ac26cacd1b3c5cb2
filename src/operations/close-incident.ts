import { BackoutError } from '../model/error.ts';
import type { Incident } from '../model/incident.ts';
import { timestamp } from '../ports/clock.ts';
import { record } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';

/**
 * Closes an incident. Closing again changes nothing.
 * @throws BackoutError E_STILL_SAFE (refused) while its override holds flags
 */
export async function closeIncident(
  ports: OperationPorts,
  incident: Incident,
  { actor, reason }: { actor: string; reason: string },
): Promise<{ changed: boolean }> {
  const { overrides } = await ports.flags.read();
  const live = overrides.find(({ incident: id, mode }) => id === incident.id && mode !== 'lifted');
  if (live !== undefined) {
    throw new BackoutError({
      code: 'E_STILL_SAFE',
      kind: 'refused',
      message: `The safe state of ${incident.id} is still on.`,
      state: 'The incident stays open; nothing was changed.',
      remedy: `Lift it first: \`backout flags lift --incident ${incident.id} --by NAME --reason "…"\`.`,
    });
  }
  if (incident.status === 'closed') return { changed: false };
  await record(ports, {
    incident: incident.id,
    // An incident can be opened again, by an emergency of its name, and then be closed again.
    key: `closed/${timestamp(ports.clock)}`,
    kind: 'incident-closed',
    actor,
    text: `Incident closed: ${reason}`,
    data: { reason },
  });
  return { changed: true };
}
