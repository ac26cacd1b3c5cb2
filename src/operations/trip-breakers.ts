import type { BreakerState } from '../model/breaker.ts';
import { BackoutError } from '../model/error.ts';
import { timestamp } from '../ports/clock.ts';
import { record } from './journal-writer.ts';
import type { OperationPorts, Request } from './operation-ports.ts';

/**
 * Opens single breakers by hand, and reads them back. `isolate`: held open until a person resets
 * it; no recovery of a machine touches it.
 * @throws BackoutError E_BREAKERS_UNREACHABLE, E_BREAKER_CHANGED, E_NOT_OPEN
 */
export async function tripBreakers(
  ports: OperationPorts,
  request: Request & { incident: string; providers: string[]; isolate: boolean },
): Promise<Record<string, BreakerState>> {
  const { incident, providers, isolate, actor: by, reason } = request;
  const at = timestamp(ports.clock);
  const text = `${isolate ? 'Isolating' : 'Opening'} the breakers ${providers.join(', ')}: ${reason}`;
  const data = { providers, isolate };
  await record(ports, { incident, key: `trip/${at}`, kind: 'intent', actor: by, text, data });
  if (isolate) {
    for (const provider of providers) {
      const { epoch } = await ports.breakers.read();
      await ports.breakers.set(provider, { state: 'isolated', since: at, by, reason }, epoch);
    }
  } else await ports.breakers.trip({ providers, by, reason, incident, at });
  const { states } = await ports.breakers.read();
  const passing = providers.filter(
    (name) => !['open', 'isolated'].includes(states[name]?.state ?? ''),
  );
  if (passing.length > 0) {
    throw new BackoutError({
      code: 'E_NOT_OPEN',
      message: `Still letting calls through: ${passing.join(', ')}.`,
      state: 'Somebody changed the breakers at the same moment.',
      remedy: 'See `backout breakers status`, then trip again.',
    });
  }
  const done = `Open: ${providers.join(', ')}.`;
  await record(ports, {
    incident,
    key: `tripped/${at}`,
    kind: 'outcome',
    actor: by,
    text: done,
    data,
  });
  return states;
}
