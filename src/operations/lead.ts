import { commanderOf } from '../model/commander.ts';
import { within } from '../ports/clock.ts';
import type { OperationPorts } from './operation-ports.ts';

type Asking = Pick<OperationPorts, 'journal' | 'scope' | 'clock'>;

/** Longest wait for who leads, where anybody waits for it at all. */
const ASK_CAP_MS = 1_000;

/** Who leads an incident, as far as is known: a message never waits for it. */
export interface Lead {
  /** Who was assigned; undefined when nobody was, or it is not known. */
  commander(): string | undefined;
  /** Asks the journal in the background. Until it answers, what was known stays. */
  look(): void;
}

/**
 * Follows who leads an incident while something long runs: another person may assign somebody
 * meanwhile, and at most one message then still has the old name. Asking before each message would
 * be exact, and would put a database that hangs in front of everything people are told.
 * @param known who leads, from entries that were read anyway
 */
export function followCommander(ports: Asking, incident: string, known?: string): Lead {
  let commander = known;
  let asking = false;
  const ask = async (): Promise<void> => {
    asking = true;
    try {
      commander = commanderOf(await ports.journal.read(ports.scope, incident)) ?? commander;
    } catch {
      // Not known is what it was before.
    } finally {
      asking = false;
    }
  };
  return {
    commander: () => commander,
    look() {
      if (!asking) void ask();
    },
  };
}

/** Who leads, where a moment may be spent on it; undefined when it is not known within that. */
export async function askCommander(ports: Asking, incident: string): Promise<string | undefined> {
  try {
    return commanderOf(
      await within(ports.clock, ASK_CAP_MS, () => ports.journal.read(ports.scope, incident)),
    );
  } catch {
    return undefined;
  }
}
