import { assessLive } from '../src/operations/live-state.ts';
import { within } from '../src/ports/clock.ts';
import type { CommandContext } from './context.ts';

/** Asking for it is for the words of an answer only: it may not take longer than this. */
const LIVE_CAP_MS = 1_500;

/** The release that is live, as the targets say; undefined when they do not, or not in time. */
export async function liveNow({ service }: CommandContext): Promise<string | undefined> {
  return await within(service.ports.clock, LIVE_CAP_MS, () => assessLive(service.ports)).catch(
    () => undefined,
  );
}
