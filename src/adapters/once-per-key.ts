import type { Message } from '../model/message.ts';
import type { Delivery, Messenger } from '../ports/messenger.ts';

/** Keys remembered at most; a process that lives long forgets the oldest. */
const REMEMBERED = 1_000;

/**
 * Sends each `message.key` once: a repeat gets the answer of the first, also while that is still
 * under way. A failed one may be sent again.
 */
export function oncePerKey(send: Messenger['send']): Messenger['send'] {
  const sent = new Map<string, Promise<Delivery>>();
  return (message: Message, signal) => {
    const earlier = sent.get(message.key);
    if (earlier !== undefined) return earlier;
    const sending = send(message, signal).then((delivery) => {
      if (!delivery.delivered) sent.delete(message.key);
      return delivery;
    });
    sent.set(message.key, sending);
    for (const oldest of sent.keys()) {
      if (sent.size <= REMEMBERED) break;
      sent.delete(oldest);
    }
    return sending;
  };
}
