import { SQSClient } from '@aws-sdk/client-sqs';
import { type AwsPlace, clientSettings } from '../adapters/aws/clients.ts';
import { sqsQueue } from '../adapters/aws/sqs-queue.ts';
import type { Queue } from '../adapters/queue/queue.ts';

/**
 * A queue that the infrastructure made, ready to be sent to. Two tries: callers wait 1 to 2 s.
 * @param url what `FUNCTION_VARIABLES` of config/resource-names.ts names
 */
export function openQueue(place: AwsPlace, url: string): Queue & Disposable {
  const client = new SQSClient(clientSettings({ tries: 2, ...place }));
  return { ...sqsQueue({ client, url }), [Symbol.dispose]: () => client.destroy() };
}
