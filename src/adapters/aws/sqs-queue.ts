import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { BackoutError } from '../../model/error.ts';
import type { Queue } from '../queue/queue.ts';
import { saidBy } from './call-error.ts';
import { callSignal } from './clients.ts';

/**
 * Bytes of one text. SQS took 256 KiB for most of its life and takes more now; a queue made before
 * that may still have the old limit.
 */
const LARGEST_BYTES = 262_144;

/** A queue of SQS. @param options.url of the queue; its last part is its name */
export function sqsQueue({ client, url }: { client: SQSClient; url: string }): Queue {
  const name = url.split('/').at(-1) ?? url;
  return {
    name,
    async put(text, signal) {
      const bytes = Buffer.byteLength(text);
      if (bytes > LARGEST_BYTES) throw tooLarge(name, bytes);
      try {
        await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: text }), {
          abortSignal: callSignal(signal),
        });
      } catch (error) {
        throw notTaken(name, error);
      }
    },
  };
}

function tooLarge(name: string, bytes: number): BackoutError {
  return new BackoutError({
    code: 'E_QUEUE_SIZE',
    kind: 'refused',
    message: `The queue ${name} takes ${LARGEST_BYTES} bytes at once, and this has ${bytes}.`,
    state: 'It was not sent to the queue.',
    remedy: 'Report the fault: nothing that Backout queues should be that long.',
  });
}

function notTaken(name: string, error: unknown): BackoutError {
  return new BackoutError({
    code: 'E_QUEUE',
    kind: 'uncertain',
    message: `The queue ${name} did not take it: ${saidBy(error)}.`,
    state: 'Nobody can tell whether it was queued; queueing it again is safe.',
    remedy: 'See that the queue is there and that this role may send to it (sqs:SendMessage).',
    retryable: true,
    cause: error,
  });
}
