import { describeCause } from '../model/error.ts';
import { covers, effectiveFlags, type Override } from '../model/flags.ts';
import type { StillOff } from '../model/still-off.ts';
import { within } from '../ports/clock.ts';
import type { OperationPorts } from './operation-ports.ts';

/** Longest wait for one store: this is asked for the words of messages, while people wait. */
const READ_CAP_MS = 3_000;
/** Flags of one group that are named one by one where only the override was read. */
const NAMED = 20;

type Asking = Pick<OperationPorts, 'flags' | 'breakers' | 'clock' | 'facts'>;
type FlagsOff = Pick<StillOff, 'flags' | 'incidents'>;

/**
 * What is off now, as the stores say. Never throws, and takes 3 s at most: what cannot be read is
 * named.
 */
export async function readStillOff(ports: Asking): Promise<StillOff> {
  return await readBoth(ports, READ_CAP_MS, async () => {
    const snapshot = await ports.flags.read();
    const held = effectiveFlags(snapshot).filter(({ heldBy }) => heldBy.length > 0);
    return {
      flags: held
        .filter(({ value, base }) => value !== base)
        .map(({ name, value }) => `${name}=${String(value)}`),
      incidents: inForce(snapshot.overrides).map(({ incident }) => incident),
    };
  });
}

/**
 * The same where nobody has the time to read every flag: what the overrides cover, as backout.yml
 * has it.
 * @param capMs longest wait for one store, in milliseconds
 */
export async function readHeldOff(ports: Asking, capMs: number): Promise<StillOff> {
  return await readBoth(ports, capMs, async () => {
    const overrides = inForce(await ports.flags.overrides());
    const { groupsWithSafeValues: all, flagsWithSafeValues: flags = {} } = ports.facts;
    const held = all.filter((group) => overrides.some((override) => covers(override, group)));
    return {
      flags: held.flatMap((group) => {
        const names = flags[group] ?? [];
        const few = names.length > 0 && names.length <= NAMED;
        return few ? names.map((name) => `${name} (safe)`) : [`all flags of ${group} (safe)`];
      }),
      incidents: overrides.map(({ incident }) => incident),
    };
  });
}

function inForce(overrides: readonly Override[]): Override[] {
  return overrides.filter(({ mode }) => mode !== 'lifted');
}

async function readBoth(
  { clock, facts, breakers }: Asking,
  capMs: number,
  readFlags: () => Promise<FlagsOff>,
): Promise<StillOff> {
  const [flags, open] = await Promise.allSettled([
    within(clock, capMs, readFlags),
    // Without a fast path there are no breakers that could be off.
    facts.fastPath ? within(clock, capMs, async () => breakers.read()) : undefined,
  ]);
  const off: StillOff = { flags: [], breakers: [], incidents: [], problems: [] };
  if (flags.status === 'fulfilled') Object.assign(off, flags.value);
  else off.problems.push(`Flags cannot be read: ${describeCause(flags.reason)}`);
  if (open.status === 'fulfilled') {
    off.breakers = Object.entries(open.value?.states ?? {})
      .filter(([, { state }]) => state !== 'closed')
      .map(([provider, { state }]) => `${provider} (${state})`)
      .toSorted();
  } else off.problems.push(`Circuit breakers cannot be read: ${describeCause(open.reason)}`);
  return off;
}
