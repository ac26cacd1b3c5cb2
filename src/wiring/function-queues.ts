/** What a function on AWS uses of the two queues. */

import { SQSClient } from '@aws-sdk/client-sqs';
import { type AwsPlace, clientSettings } from '../adapters/aws/clients.ts';
import { sqsQueue } from '../adapters/aws/sqs-queue.ts';
import type { SpoolingJournal } from '../adapters/file/spool.ts';
import type { Queue } from '../adapters/queue/queue.ts';
import { queueMessenger } from '../adapters/queue/queue-messenger.ts';
import { queueingJournal } from '../adapters/queue/queueing-journal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import type { Messenger } from '../ports/messenger.ts';
import type { Log } from './queue-function.ts';

/** @param place where AWS is; two tries of a call, because callers wait 1 to 2 s */
export function openQueue(place: AwsPlace, url: string): Queue & Disposable {
  const client = new SQSClient(clientSettings({ tries: 2, ...place }));
  return { ...sqsQueue({ client, url }), [Symbol.dispose]: () => client.destroy() };
}

/** A journal behind which a queue stands; what neither took is one line of the log. */
export function journalWithQueue(options: {
  primary: Journal;
  queue: Queue;
  mode: 'journal-first' | 'spool-first';
  clock: Clock;
  log: Log;
}): SpoolingJournal {
  const { log, ...rest } = options;
  return queueingJournal({
    ...rest,
    lastResort: (text) => log(JSON.stringify({ journal_entry: text })),
  });
}

/** The one channel of a function that has no tokens. @param capMs `messages.timeout` */
export function messagesToQueue(queue: Queue, clock: Clock, capMs: number): Messenger[] {
  return [queueMessenger({ queue, clock, capMs })];
}
