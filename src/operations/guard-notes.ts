import { MAINTENANCE_RULE } from '../model/incident.ts';
import type { JournalEntry } from '../model/journal.ts';
import type { MessageCode } from '../model/message.ts';
import { announcer, keyToSend } from './announce.ts';
import type { GuardPorts } from './guard-ports.ts';
import type { GuardMemory } from './guard-situation.ts';
import { openIncident } from './incidents.ts';
import { record } from './journal-writer.ts';
import { recordOfMonth } from './month-record.ts';

/** Looks in which a message that no channel took is tried again. */
const MOST_TRIES = 10;

/** Who says it: this process, so that people know whom to ask. */
export function guardActor({ settings }: GuardPorts): string {
  return `guard, ${settings.holder}`;
}

type Facts = Parameters<ReturnType<typeof announcer>['say']>[2];

interface Telling {
  incident: string;
  code: MessageCode;
  /** The same for every guard and every look: receivers know repeats by it. */
  key: string;
  facts: Facts;
}

/** What came of telling people. */
export interface ToldPeople {
  /** Whether it reached somebody, now or before. */
  reached: boolean;
  problems: string[];
}

/**
 * Sends a message until it reached somebody: after a crash between the journal and the channels the
 * next look sends it, with the same key.
 */
export async function tell(
  ports: GuardPorts,
  memory: GuardMemory,
  entries: readonly JournalEntry[],
  { incident, code, key, facts }: Telling,
): Promise<ToldPeople> {
  const own = entries.filter((entry) => entry.incident === incident);
  const due = keyToSend(own, key);
  // Kept here too: a journal that goes away later must not make it news again.
  if (due === undefined) memory.told.add(key);
  if (due === undefined || memory.told.has(key)) return { reached: true, problems: [] };
  if (due === `${key}/${MOST_TRIES}`) {
    return { reached: false, problems: [`Nobody could be told: ${key}.`] };
  }
  if (!ports.messengers.some(({ wants }) => wants?.(code) ?? true)) {
    const problem = 'No channel of backout.yml takes messages of the guard: tell people.';
    return { reached: false, problems: [problem] };
  }
  let reached = false;
  const messengers = ports.messengers.map((messenger) => ({
    ...messenger,
    async send(...given: Parameters<typeof messenger.send>) {
      const delivery = await messenger.send(...given);
      reached ||= delivery.delivered;
      return delivery;
    },
  }));
  const news = announcer({ ...ports, messengers }, incident, new Set());
  news.say(code, due, facts);
  const problems = await news.settle();
  if (reached) memory.told.add(key);
  return { reached, problems };
}

/**
 * Writes down what is no trouble, in the record of the month, once per key.
 * @throws BackoutError E_JOURNAL_UNREACHABLE
 */
export async function noteOnce(
  ports: GuardPorts,
  memory: GuardMemory,
  note: { key: string; text: string; data: Record<string, unknown> },
): Promise<void> {
  const incident = recordOfMonth(ports.clock.now());
  if (memory.told.has(`${incident}/${note.key}`)) return;
  const actor = guardActor(ports);
  const { key, text, data } = note;
  const about = { actor, reason: text, rule: MAINTENANCE_RULE };
  await openIncident(ports, incident, about, `opened/${key}`);
  await record(ports, { incident, key, kind: 'note', actor, text, data });
  const closed = { incident, key: `closed/${key}`, kind: 'incident-closed', actor, text } as const;
  await record(ports, { ...closed, data: { reason: text } });
  memory.told.add(`${incident}/${note.key}`);
}
