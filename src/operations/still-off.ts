import { describeCause } from '../model/error.ts';
import { effectiveFlags } from '../model/flags.ts';
import type { StillOff } from '../model/still-off.ts';
import type { BreakerSnapshot } from '../ports/breakers.ts';
import { within } from '../ports/clock.ts';
import type { OperationPorts } from './operation-ports.ts';

/** Longest wait for one store: this is asked for the words of messages, while people wait. */
const READ_CAP_MS = 3_000;

/**
 * What is off now, as the stores say. Never throws, and takes `capMs` at most: what cannot be read
 * is named.
 */
export async function readStillOff(
  ports: Pick<OperationPorts, 'flags' | 'breakers' | 'clock' | 'facts'>,
  capMs: number = READ_CAP_MS,
): Promise<StillOff> {
  const { clock, facts } = ports;
  const [flags, breakers] = await Promise.allSettled([
    within(clock, capMs, async () => ports.flags.read()),
    // Without a fast path there are no breakers that could be off.
    facts.fastPath
      ? within(clock, capMs, async () => ports.breakers.read())
      : Promise.resolve<Pick<BreakerSnapshot, 'states'>>({ states: {} }),
  ]);
  const off: StillOff = { flags: [], breakers: [], incidents: [], problems: [] };
  if (flags.status === 'fulfilled') {
    const held = effectiveFlags(flags.value).filter(({ heldBy }) => heldBy.length > 0);
    off.flags = held
      .filter(({ value, base }) => value !== base)
      .map(({ name, value }) => `${name}=${String(value)}`);
    off.incidents = flags.value.overrides
      .filter(({ mode }) => mode !== 'lifted')
      .map(({ incident }) => incident);
  } else off.problems.push(`Flags cannot be read: ${describeCause(flags.reason)}`);
  if (breakers.status === 'fulfilled') {
    off.breakers = Object.entries(breakers.value.states)
      .filter(([, { state }]) => state !== 'closed')
      .map(([provider, { state }]) => `${provider} (${state})`)
      .toSorted();
  } else off.problems.push(`Circuit breakers cannot be read: ${describeCause(breakers.reason)}`);
  return off;
}
