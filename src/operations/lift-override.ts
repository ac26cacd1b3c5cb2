import { BackoutError } from '../model/error.ts';
import { isProven, proveFlags, type FlagProof } from '../model/instance.ts';
import { timestamp } from '../ports/clock.ts';
import type { FlagEditor } from '../ports/flags.ts';
import { announcer } from './announce.ts';
import { recordFirst } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';
import { SILENT_AFTER_MS } from './step-handlers.ts';
import { readStillOff } from './still-off.ts';
import { listOff } from '../model/still-off.ts';

export interface LiftResult {
  incident: string;
  /** False when it was lifted already. */
  changed: boolean;
  /** Who has taken it over; undefined when the instances cannot be asked. */
  proof: FlagProof | undefined;
  stillOff: string[];
  problems: string[];
}

/**
 * Ends an incident's override, so that the base values count again exactly as they are. Only for a
 * named person, and only after the breakers: flags come back into a service whose providers work.
 * @throws BackoutError E_BREAKERS_OPEN (refused), E_JOURNAL_NEEDED, E_FLAGS_UNREACHABLE
 */
export async function liftOverride(
  ports: OperationPorts & { editor: FlagEditor },
  request: { incident: string; person: string; reason: string; acknowledgeWithinMs: number },
): Promise<LiftResult> {
  const { incident, person, reason } = request;
  await requireClosedBreakers(ports);
  const since = timestamp(ports.clock);
  const override = { mode: 'lifted' as const, incident, since, by: person, reason };
  await recordFirst(ports, {
    incident,
    key: `lift/${since}`,
    kind: 'recovery',
    actor: person,
    text: `Lifting the safe state: ${reason}`,
    data: { ...override },
  });
  const { changed } = await ports.editor.lift(override);
  const { overrides } = await ports.flags.read();
  const live = overrides.find((one) => one.incident === incident && one.mode !== 'lifted');
  if (live !== undefined) {
    throw new BackoutError({
      code: 'E_NOT_LIFTED',
      kind: 'failed',
      message: `The override of ${incident} is still in force: something newer put it back.`,
      state: 'The flags stay at their safe values.',
      remedy: 'See `backout flags list`; lift again when the newer signal is understood.',
    });
  }
  await ports.breakers.announce(override);
  const proof = await waitForProof(ports, request.acknowledgeWithinMs);
  const stillOff = listOff(await readStillOff(ports));
  await recordFirst(ports, {
    incident,
    key: `lifted/${since}`,
    kind: 'recovery',
    actor: person,
    text: `Safe state lifted. Acknowledged by ${proof.acknowledged.join(', ') || 'nobody yet'}.`,
    data: { changed, acknowledged: proof.acknowledged, laggards: proof.laggards },
  });
  const news = announcer(ports, incident, new Set());
  news.say('recovery-complete', `lifted/${since}`, { reason, by: person, off: stillOff });
  return { incident, changed, proof, stillOff, problems: await news.settle() };
}

async function requireClosedBreakers(ports: OperationPorts): Promise<void> {
  const { states } = await ports.breakers.read();
  const open = Object.entries(states)
    .filter(([, { state }]) => state === 'open' || state === 'half-open')
    .map(([provider]) => provider);
  if (open.length === 0) return;
  throw new BackoutError({
    code: 'E_BREAKERS_OPEN',
    kind: 'refused',
    message: `These circuit breakers are not closed yet: ${open.join(', ')}.`,
    state: 'The flags stay at their safe values; nothing was changed.',
    remedy: 'Recover the breakers first: `backout breakers reset`. Then lift again.',
  });
}

async function waitForProof(ports: OperationPorts, withinMs: number): Promise<FlagProof> {
  const { clock, breakers } = ports;
  const end = clock.now() + withinMs;
  for (;;) {
    const { epoch } = await breakers.read();
    const proof = proveFlags(epoch, await breakers.instances(), clock.now(), SILENT_AFTER_MS);
    if (isProven(proof) || clock.now() >= end) return proof;
    await clock.sleep(50);
  }
}
