import { composeMessage } from '../model/catalogue.ts';
import { describeCause } from '../model/error.ts';
import type { JournalEntry, NewEntry } from '../model/journal.ts';
import type { MessageCode, MessageFacts } from '../model/message.ts';
import { timestamp, within } from '../ports/clock.ts';
import { broadcast } from './broadcast.ts';
import { followCommander, type Lead } from './lead.ts';
import type { OperationPorts } from './operation-ports.ts';

type Said = Omit<MessageFacts, 'service' | 'environment' | 'incident' | 'at' | 'config_hash'>;

/** Longest wait for the record of one message: the spool's 1.5 s, and its disk. */
const RECORD_CAP_MS = 2_000;

export type AnnouncePorts = Pick<
  OperationPorts,
  'clock' | 'scope' | 'facts' | 'settings' | 'messengers' | 'journal'
>;

/** Sends the messages of one incident without ever holding up the work. */
export interface Announcer {
  /** Starts sending; returns at once. The key makes it unique within the incident. */
  say(code: MessageCode, key: string, facts: Said): void;
  /** Waits until all is sent or given up (each channel has its own cap), and says what was not. */
  settle(): Promise<string[]>;
}

/** Keys of the messages that these entries tell of. */
export function messagesSent(entries: readonly JournalEntry[]): ReadonlySet<string> {
  return new Set(
    entries.flatMap(({ kind, data }) =>
      kind === 'message' && typeof data['message'] === 'string' ? [data['message']] : [],
    ),
  );
}

/**
 * The key to send a message under that was due before; undefined when it reached somebody. What no
 * channel took is said again, under a key of its own: receivers know repeats by the key.
 */
export function keyToSend(entries: readonly JournalEntry[], key: string): string | undefined {
  const tries = entries.filter(({ kind, data: { message } }) => {
    const isOne = typeof message === 'string' && `${message}/`.startsWith(`${key}/`);
    return kind === 'message' && isOne;
  });
  const last = tries.at(-1);
  if (last === undefined) return key;
  return reachedNobody(last) ? `${key}/${tries.length}` : undefined;
}

function reachedNobody({ data }: JournalEntry): boolean {
  const { channels, not_delivered: lost } = data;
  if (!Array.isArray(channels) || !Array.isArray(lost)) return false;
  return channels.length > 0 && lost.length === channels.length;
}

/**
 * @param alreadySent keys of messages that the journal knows, so that a resumed run repeats none
 * @param lead who leads the incident, as far as is known when a message is made
 */
export function announcer(
  ports: AnnouncePorts,
  incident: string,
  alreadySent: ReadonlySet<string>,
  lead: Lead = followCommander(ports, incident),
): Announcer {
  const sent = new Set(alreadySent);
  const pending: Promise<void>[] = [];
  const problems: string[] = [];

  async function deliver(code: MessageCode, key: string, said: Said): Promise<void> {
    const { clock, scope, facts, settings } = ports;
    const at = timestamp(clock);
    const commander = lead.commander();
    const message = composeMessage(code, key, {
      ...scope,
      incident,
      at,
      config_hash: facts.configHash,
      ...settings.messageFooter,
      ...(commander === undefined ? {} : { commander }),
      ...said,
    });
    const deliveries = await broadcast(ports.messengers, message, {
      clock,
      capMs: settings.messageCapMs,
    });
    const failed = deliveries.filter(({ delivery }) => !delivery.delivered);
    for (const { channel, delivery } of failed) {
      if (!delivery.delivered) problems.push(`Message to ${channel}: ${delivery.problem}`);
    }
    const entry: NewEntry = {
      ...scope,
      incident,
      key: `${incident}/message/${key}`,
      kind: 'message',
      at,
      actor: said.by,
      text: `Message: ${message.title}`,
      data: {
        message: key,
        code,
        channels: deliveries.map(({ channel }) => channel),
        not_delivered: failed.map(({ channel }) => channel),
      },
    };
    await within(clock, RECORD_CAP_MS, () => ports.journal.append(entry));
    lead.look();
  }

  return {
    say(code, key, facts) {
      if (sent.has(key)) return;
      sent.add(key);
      pending.push(
        deliver(code, key, facts).catch((error: unknown) => {
          problems.push(`Message ${code}: ${describeCause(error)}`);
        }),
      );
    },
    async settle() {
      await Promise.all(pending);
      return [...problems];
    },
  };
}
