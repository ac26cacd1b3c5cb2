import type { Message, MessageCode } from '../model/message.ts';

export type Delivery = { delivered: true } | { delivered: false; problem: string };

/** A channel to people. A hanging channel costs its cap and stops nothing. */
export interface Messenger {
  readonly channel: string;
  /** Which messages go here; left out = all. */
  readonly wants?: (code: MessageCode) => boolean;
  /** Sends a message once per `message.key`. Never throws. */
  send(message: Message, signal: AbortSignal): Promise<Delivery>;
}
