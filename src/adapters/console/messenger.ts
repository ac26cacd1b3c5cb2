import type { Writable } from 'node:stream';
import { describeCause } from '../../model/error.ts';
import type { Message } from '../../model/message.ts';
import type { Delivery, Messenger } from '../../ports/messenger.ts';
import { oncePerKey } from '../once-per-key.ts';

export interface ConsoleMessengerOptions {
  /** Where the lines go, usually the standard error: the standard output belongs to results. */
  stream: Writable;
  /** Name of the channel. Default `console`. */
  channel?: string;
}

/** Plain lines, for a terminal or the log of a run. */
export function consoleMessenger(options: ConsoleMessengerOptions): Messenger {
  const { stream, channel = 'console' } = options;
  return {
    channel,
    send: oncePerKey((message, signal) => writeText(stream, formatMessage(message), signal)),
  };
}

/** The title, then the lines, indented. */
export function formatMessage({ title, lines }: Message): string {
  return [title, ...lines.map((line) => `  ${line}`)].map((line) => `${plain(line)}\n`).join('');
}

/** Control characters would let a reason given by anybody move the cursor and rewrite the screen. */
function plain(line: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return line.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function writeText(stream: Writable, text: string, signal: AbortSignal): Promise<Delivery> {
  return new Promise((resolve) => {
    const settle = (delivery: Delivery): void => {
      signal.removeEventListener('abort', stop);
      // Not at once: a stream reports the same error a second time, as an event, a moment later.
      setImmediate(() => stream.removeListener('error', fail));
      resolve(delivery);
    };
    const fail = (error: unknown): void =>
      settle({ delivered: false, problem: describeCause(error) });
    const stop = (): void => settle({ delivered: false, problem: 'the stream takes nothing more' });
    if (signal.aborted || !stream.writable) {
      // A stream that had an error once keeps what is written to it, and never says so.
      const problem = signal.aborted ? 'there was no time left' : 'the stream is closed';
      resolve({ delivered: false, problem });
      return;
    }
    stream.on('error', fail);
    signal.addEventListener('abort', stop, { once: true });
    stream.write(text, (error) => {
      if (error) fail(error);
      else settle({ delivered: true });
    });
  });
}
