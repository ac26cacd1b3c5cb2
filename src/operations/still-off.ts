import { describeCause } from '../model/error.ts';
import { effectiveFlags } from '../model/flags.ts';
import type { StillOff } from '../model/still-off.ts';
import type { OperationPorts } from './operation-ports.ts';

/** What is off now, as the stores say. Never throws: what cannot be read is named. */
export async function readStillOff(
  ports: Pick<OperationPorts, 'flags' | 'breakers'>,
): Promise<StillOff> {
  const [flags, breakers] = await Promise.allSettled([ports.flags.read(), ports.breakers.read()]);
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
