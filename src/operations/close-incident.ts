import { BackoutError } from '../model/error.ts';
import type { Override } from '../model/flags.ts';
import type { Incident } from '../model/incident.ts';
import type { BreakerSnapshot } from '../ports/breakers.ts';
import { timestamp, within } from '../ports/clock.ts';
import { record } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';

/** Longest wait for the flag store. */
const FLAGS_CAP_MS = 10_000;

/** A tombstone in the durable store ends the mirror's copy for every reader, whatever it says. */
function isLifted(overrides: readonly Override[], incident: string): boolean {
  return overrides.some(({ incident: id, mode }) => id === incident && mode === 'lifted');
}

function stillSafe(message: string, remedy: string): BackoutError {
  const state = 'The incident stays open; nothing was changed.';
  return new BackoutError({ code: 'E_STILL_SAFE', kind: 'refused', message, state, remedy });
}

async function readFastPath(
  ports: OperationPorts,
): Promise<Pick<BreakerSnapshot, 'states' | 'overrides'>> {
  if (!ports.facts.fastPath) return { states: {}, overrides: [] };
  return await within(ports.clock, FLAGS_CAP_MS, () => ports.breakers.read());
}

/**
 * Closes an incident. Closing again changes nothing.
 * @throws BackoutError E_STILL_SAFE (refused) while its override or its breakers hold anything;
 * E_FLAGS_UNREACHABLE, E_BREAKERS_UNREACHABLE
 */
export async function closeIncident(
  ports: OperationPorts,
  incident: Incident,
  { actor, reason }: { actor: string; reason: string },
): Promise<{ changed: boolean }> {
  const { overrides } = await within(ports.clock, FLAGS_CAP_MS, () => ports.flags.read());
  const fast = await readFastPath(ports);
  const isOurs = (id: string | undefined): boolean => id === incident.id;
  const open = Object.entries(fast.states)
    .filter(
      ([, state]) => state.state !== 'closed' && 'incident' in state && isOurs(state.incident),
    )
    .map(([provider]) => provider);
  if (open.length > 0) {
    const message = `It still holds these circuit breakers open: ${open.join(', ')}.`;
    throw stillSafe(message, `Recover them: \`backout breakers reset --incident ${incident.id}\`.`);
  }
  // In Redis alone it counts too: the running service goes by it.
  const live = [...overrides, ...fast.overrides].filter(
    ({ incident: id, mode }) => isOurs(id) && mode !== 'lifted',
  );
  if (live.length > 0 && !isLifted(overrides, incident.id)) {
    throw stillSafe(
      `The safe state of ${incident.id} is still on.`,
      `Lift it first: \`backout flags lift --incident ${incident.id} --by NAME --reason "…"\`.`,
    );
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
