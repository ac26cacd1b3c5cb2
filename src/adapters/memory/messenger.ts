import type { Message } from '../../model/message.ts';
import type { Delivery, Messenger } from '../../ports/messenger.ts';
import { oncePerKey } from '../once-per-key.ts';

export interface MemoryMessenger extends Messenger {
  /** What was delivered, in order. */
  readonly sent: Message[];
  /** From now on: deliver, refuse, or never answer until the signal aborts. */
  behave(as: 'well' | 'refusing' | 'hanging'): void;
}

/** A channel that keeps what it is given. */
export function memoryMessenger(channel = 'memory'): MemoryMessenger {
  const sent: Message[] = [];
  let behaviour: 'well' | 'refusing' | 'hanging' = 'well';
  return {
    channel,
    sent,
    behave(as) {
      behaviour = as;
    },
    send: oncePerKey((message, signal): Promise<Delivery> => {
      if (signal.aborted || behaviour === 'refusing') {
        return Promise.resolve({ delivered: false, problem: 'the channel refuses' });
      }
      if (behaviour === 'well') {
        sent.push(message);
        return Promise.resolve({ delivered: true });
      }
      return new Promise((resolve) => {
        const stop = (): void => resolve({ delivered: false, problem: 'the channel hangs' });
        signal.addEventListener('abort', stop, { once: true });
      });
    }),
  };
}
