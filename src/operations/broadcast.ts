import { describeCause } from '../model/error.ts';
import type { Message } from '../model/message.ts';
import type { Clock } from '../ports/clock.ts';
import type { Delivery, Messenger } from '../ports/messenger.ts';
import { runCapped } from './cap.ts';

/** What one channel may cost, whatever its own cap is. */
const CAP_MS = 2_000;
/** A channel that does not end at its cap is left behind at once: nothing waits for it. */
const NO_GRACE_MS = 0;

export interface ChannelDelivery {
  channel: string;
  delivery: Delivery;
  /** It was sent earlier; nothing was sent now. */
  repeated: boolean;
}

/**
 * Sends a message to all channels that want it, side by side; none can stop or delay another, and this never
 * throws. A channel that does not answer within the cap counts as not delivered, though it may be.
 * @param options.sent names of what was sent before ({@link deliveryName}); delivered ones are added
 */
export function broadcast(
  messengers: readonly Messenger[],
  message: Message,
  options: { clock: Clock; capMs?: number; sent?: Set<string> },
): Promise<ChannelDelivery[]> {
  const { clock, capMs = CAP_MS, sent = new Set<string>() } = options;
  const wanted = messengers.filter(({ wants }) => wants?.(message.code) ?? true);
  return Promise.all(
    wanted.map(async (messenger): Promise<ChannelDelivery> => {
      const { channel } = messenger;
      const name = deliveryName(channel, message.key);
      if (sent.has(name)) return { channel, delivery: { delivered: true }, repeated: true };
      const delivery = await sendCapped(messenger, message, clock, capMs);
      if (delivery.delivered) sent.add(name);
      return { channel, delivery, repeated: false };
    }),
  );
}

/** Per channel: a message that one channel lost is repeated there, not everywhere. */
export function deliveryName(channel: string, key: string): string {
  return `${channel} ${key}`;
}

async function sendCapped(
  messenger: Messenger,
  message: Message,
  clock: Clock,
  capMs: number,
): Promise<Delivery> {
  const result = await runCapped(
    clock,
    capMs,
    // async: a channel that breaks its promise never to throw must not take the others with it.
    async (signal) => messenger.send(message, signal),
    NO_GRACE_MS,
  );
  if (!result.ended) {
    const problem = `no answer within ${capMs} ms; it may have arrived all the same`;
    return { delivered: false, problem };
  }
  if ('error' in result) return { delivered: false, problem: describeCause(result.error) };
  return result.value;
}
