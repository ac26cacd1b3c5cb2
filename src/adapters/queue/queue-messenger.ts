import { describeCause } from '../../model/error.ts';
import type { Clock } from '../../ports/clock.ts';
import { within } from '../../ports/clock.ts';
import type { Messenger } from '../../ports/messenger.ts';
import { oncePerKey } from '../once-per-key.ts';
import { writeMessage } from './message-text.ts';
import type { Queue } from './queue.ts';

/**
 * Hands messages to the function `messenger`, which alone has the tokens of the channels.
 * `delivered: true` means that the queue keeps the message durably, not that anybody has read it:
 * the messenger says in its own log which channel took it.
 *
 * @param options.capMs longest wait for the queue; default 2,000
 */
export function queueMessenger(options: { queue: Queue; clock: Clock; capMs?: number }): Messenger {
  const { queue, clock, capMs = 2_000 } = options;
  return {
    channel: queue.name,
    send: oncePerKey(async (message, signal) => {
      try {
        await within(clock, capMs, (late) =>
          queue.put(writeMessage(message), AbortSignal.any([signal, late])),
        );
        return { delivered: true };
      } catch (error) {
        return { delivered: false, problem: describeCause(error) };
      }
    }),
  };
}
