import type { NewEntry } from '../model/journal.ts';
import { makeSafe } from './make-safe.ts';
import type { OperationPorts, Request, RollbackResult } from './operation-ports.ts';
import { writeBehind } from './write-behind.ts';

/**
 * All in milliseconds, from the call on. The levers have their own caps (fault table, row E: SSM
 * 2 s, Redis 1 s); the rest is what keeps the whole under 5 s when everything hangs: 400 for the
 * look before it, 2,000 + 400 for the flags and their reading back, 400 for what is off, 800 for the
 * message. The record has all that time too, and 1,500 at the end at most.
 */
const CAPS = {
  overrideMs: 2_000,
  breakersMs: 1_000,
  proveMs: 1_500,
  confirmMs: 400,
  graceMs: 0,
  /** No step begins its work later than this: what hung before leaves less for the proof. */
  stepsMs: 2_600,
  messageMs: 800,
  /** When the answer has to be on its way. */
  allMs: 4_500,
} as const;

/** Longest that the record is waited for when nothing else is left to do. */
const RECORD_MS = 1_500;

export interface HastyResult extends RollbackResult {
  /** Entries that are not known to be stored anywhere: whoever answers writes them into its log. */
  unwritten: NewEntry[];
}

/**
 * Level flags for a function that an alarm called: every lever at once, each under its own cap, the
 * record and the message beside them, and an answer within 4.5 s whatever hangs.
 * @param given.startedAt when the call began, in milliseconds since 1970: all of it counts
 * @param given.isNews false where the incident is known: people hear of what is not proven only
 */
export async function makeSafeInHaste(
  ports: OperationPorts,
  request: Request & { incident: string },
  { startedAt, isNews }: { startedAt: number; isNews: boolean },
): Promise<HastyResult> {
  const { clock } = ports;
  const behind = writeBehind(ports.journal, clock);
  const settings = {
    ...ports.settings,
    messageCapMs: Math.min(ports.settings.messageCapMs, CAPS.messageMs),
  };
  const result = await makeSafe(
    { ...ports, journal: behind.journal, settings },
    { ...request, isNews },
    undefined,
    {
      ...CAPS,
      // Heard that it comes too fast, the store goes on as long as that is worth it.
      overrideMs: ports.flags.patienceMs ?? CAPS.overrideMs,
      until: startedAt + CAPS.stepsMs,
    },
  );
  const left = startedAt + CAPS.allMs - clock.now();
  const unwritten = await behind.settle(Math.max(0, Math.min(RECORD_MS, left)));
  if (unwritten === undefined) return { ...result, unwritten: [] };
  const { entries, problem } = unwritten;
  const told = `${entries.length} entries of the record are not stored: ${problem}`;
  return { ...result, problems: [...result.problems, told], unwritten: entries };
}
