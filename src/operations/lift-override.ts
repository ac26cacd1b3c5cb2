import type { Epoch } from '../model/breaker.ts';
import { BackoutError, describeCause } from '../model/error.ts';
import type { LiftedOverride } from '../model/flags.ts';
import { isProven, proveFlags, type FlagProof } from '../model/instance.ts';
import { timestamp, within } from '../ports/clock.ts';
import type { FlagEditor } from '../ports/flags.ts';
import { announcer } from './announce.ts';
import { askCommander, followCommander } from './lead.ts';
import { record, recordFirst } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';
import { SILENT_AFTER_MS } from './proof-times.ts';
import { readStillOff } from './still-off.ts';
import { listOff } from '../model/still-off.ts';

/** Longest wait for the flag store: nothing is in a hurry here, and people watch. */
const FLAGS_CAP_MS = 10_000;

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
  // Recording takes a moment, and an alarm may have come in it.
  await requireClosedBreakers(ports);
  // When the answer is late, whether it is lifted is not known; lifting again finds out.
  const { changed } = await within(ports.clock, FLAGS_CAP_MS, () => ports.editor.lift(override));
  const { overrides } = await within(ports.clock, FLAGS_CAP_MS, () => ports.flags.read());
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
  // It is lifted now: from here on nothing may hide that behind an error.
  const problems: string[] = [];
  const proof = await tellInstances(ports, override, request.acknowledgeWithinMs).catch(
    (error: unknown) => {
      problems.push(`The running service was not told at once: ${describeCause(error)}`);
      return undefined;
    },
  );
  const { acknowledged = [], laggards = [] } = proof ?? {};
  const stillOff = listOff(await readStillOff(ports));
  await record(ports, {
    incident,
    key: `lifted/${since}`,
    kind: 'recovery',
    actor: person,
    text: `Safe state lifted. Acknowledged by ${acknowledged.join(', ') || 'nobody yet'}.`,
    data: { changed, acknowledged, laggards },
  }).catch((error: unknown) => problems.push(`Not recorded: ${describeCause(error)}`));
  const lead = followCommander(ports, incident, await askCommander(ports, incident));
  const news = announcer(ports, incident, new Set(), lead);
  news.say('recovery-complete', `lifted/${since}`, { reason, by: person, off: stillOff });
  problems.push(...(await news.settle()));
  return { incident, changed, proof, stillOff, problems };
}

async function requireClosedBreakers(ports: OperationPorts): Promise<void> {
  if (!ports.facts.fastPath) return;
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

/** @returns undefined where there is no fast path: nobody can be told, and nobody answers */
async function tellInstances(
  ports: OperationPorts,
  override: LiftedOverride,
  withinMs: number,
): Promise<FlagProof | undefined> {
  if (!ports.facts.fastPath) return undefined;
  const epoch = await ports.breakers.announce(override);
  return await waitForProof(ports, epoch, withinMs);
}

async function waitForProof(
  ports: OperationPorts,
  epoch: Epoch,
  withinMs: number,
): Promise<FlagProof> {
  const { clock, breakers } = ports;
  const end = clock.now() + withinMs;
  for (;;) {
    const proof = proveFlags(epoch, await breakers.instances(), clock.now(), SILENT_AFTER_MS);
    if (isProven(proof) || clock.now() >= end) return proof;
    await clock.sleep(50);
  }
}
