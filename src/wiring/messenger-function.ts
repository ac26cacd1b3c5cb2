/**
 * Sends what others queued, over the channels of `backout.yml`. It alone has their tokens, and it
 * says nothing that is not a message of Backout's own catalogue. A message that a channel did not
 * take comes again: only to that channel while this process lives, else to all of them, and
 * receivers know a repeat by its key.
 */

import { Writable } from 'node:stream';
import { type BatchAnswer, bringAgain, type QueueRecord } from '../adapters/aws/sqs-event.ts';
import { readMessage } from '../adapters/queue/message-text.ts';
import { randomIds } from '../adapters/random-ids.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { Message } from '../model/message.ts';
import { describeScope, type Scope } from '../model/scope.ts';
import { broadcast } from '../operations/broadcast.ts';
import type { Clock } from '../ports/clock.ts';
import type { Messenger } from '../ports/messenger.ts';
import { buildMessengers } from './build-messengers.ts';
import { functionConfig, keep, type Log, requireQueueEvent } from './queue-function.ts';

/** From this age on a message says how late it is. In milliseconds. */
const LATE_MS = 120_000;

interface SendPorts {
  scope: Scope;
  messengers: readonly Messenger[];
  clock: Clock;
  /** Longest for one channel and message, in milliseconds. */
  capMs: number;
  log: Log;
}

/** Sends these messages, in the order in which they were made, side by side over the channels. */
async function sendRecords(
  { scope, messengers, clock, capMs, log }: SendPorts,
  records: readonly QueueRecord[],
): Promise<BatchAnswer> {
  const failed: QueueRecord[] = [];
  for (const { record, message } of inOrder(records)) {
    const problem =
      message === undefined
        ? 'it is not a message of Backout'
        : belongs(message, scope)
          ? undefined
          : `it is of ${describeScope(message.facts)}, and this is ${describeScope(scope)}`;
    if (message === undefined || problem !== undefined) {
      failed.push(record);
      log(JSON.stringify({ messenger: 'refused', message: record.id, problem }));
      continue;
    }
    const deliveries = await broadcast(messengers, tellingAge(message, clock), { clock, capMs });
    const lost = deliveries.flatMap(({ channel, delivery }) =>
      delivery.delivered ? [] : [{ channel, problem: delivery.problem }],
    );
    if (lost.length > 0) failed.push(record);
    log(
      JSON.stringify({
        messenger:
          deliveries.length === 0 ? 'nobody-wants-it' : lost.length === 0 ? 'sent' : 'not-sent',
        key: message.key,
        code: message.code,
        channels: deliveries.map(({ channel }) => channel),
        ...(lost.length === 0 ? {} : { not_delivered: lost, tries: record.received }),
      }),
    );
  }
  return bringAgain(failed);
}

function inOrder(
  records: readonly QueueRecord[],
): { record: QueueRecord; message: Message | undefined }[] {
  return records
    .map((record) => ({ record, message: readMessage(record.body) }))
    .toSorted((a, b) => madeAt(a.message) - madeAt(b.message));
}

function madeAt(message: Message | undefined): number {
  return message === undefined ? 0 : Date.parse(message.facts.at);
}

function belongs({ facts }: Message, { service, environment }: Scope): boolean {
  return facts.service === service && facts.environment === environment;
}

/** Late is better than never, but nobody may take it for the present. */
function tellingAge(message: Message, clock: Clock): Message {
  const age = clock.now() - madeAt(message);
  if (age < LATE_MS) return message;
  const late = `LATE: this was said ${Math.floor(age / 60_000)} min ago, at ${message.facts.at}.`;
  return { ...message, lines: [late, ...message.lines] };
}

/** The function messenger. */
export interface MessengerFunction {
  /** @throws BackoutError when it cannot be begun at all: then all of the event comes again */
  answer(event: unknown): Promise<BatchAnswer>;
}

/** @param variables those of {@link functionConfig}, and the secrets of the channels */
export function messengerFunction(variables: EnvironmentVariables, log: Log): MessengerFunction {
  const open = keep(async (): Promise<SendPorts> => {
    const { config } = await functionConfig(variables, log);
    const stream = new Writable({
      decodeStrings: false,
      write(chunk: unknown, _encoding, done) {
        log(String(chunk).trimEnd());
        done();
      },
    });
    const clock = systemClock;
    return {
      scope: { service: config.service, environment: config.environment.name },
      messengers: buildMessengers(config, {
        clock,
        ids: randomIds,
        variables,
        console: stream,
        consoleSkips: [],
      }),
      clock,
      capMs: config.messages.timeout,
      log,
    };
  });
  return {
    async answer(event) {
      const records = requireQueueEvent(event);
      return await sendRecords(await open(), records);
    },
  };
}
