/**
 * A queue of SQS with its dead-letter queue, and what the event source mapping of Lambda does with
 * it: receive, call the function, delete what the function did not name as failed.
 */

import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { clientSettings } from '../../src/adapters/aws/clients.ts';
import { sqsQueue } from '../../src/adapters/aws/sqs-queue.ts';
import type { BatchAnswer } from '../../src/adapters/aws/sqs-event.ts';
import type { Queue } from '../../src/adapters/queue/queue.ts';
import { randomUUID } from 'node:crypto';
import { TEST_CREDENTIALS, TEST_REGION } from './aws-lambda.ts';
import { type AwsProxy, startAwsProxy } from './aws-proxy.ts';
import { awsUrl } from './aws-server.ts';

export interface QueueFixture extends AsyncDisposable {
  proxy: AwsProxy;
  /** Through the proxy, as a function has it. */
  queue: Queue;
  /** Receives once and calls the function, as Lambda does. @returns how many messages it got */
  poll(handler: (event: unknown) => Promise<BatchAnswer>): Promise<number>;
  /** The event of the next messages, which stay in the queue. */
  receive(): Promise<{ Records: { messageId: string; body: string }[] }>;
  /** How many wait or are being worked on. */
  waiting(): Promise<number>;
  /** How many the queue has given up on. */
  dead(): Promise<number>;
}

/** @param tries after so many, a message goes to the dead-letter queue */
export async function queueFixture({ tries = 100 } = {}): Promise<QueueFixture> {
  const proxy = await startAwsProxy({ upstream: awsUrl() });
  const settings = clientSettings({
    region: TEST_REGION,
    endpoint: awsUrl(),
    credentials: TEST_CREDENTIALS,
    tries: 2,
  });
  const direct = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
  const client = new SQSClient({ ...settings, endpoint: proxy.url });
  const name = `backout-storefront-production-${randomUUID().slice(0, 8)}`;
  const { QueueUrl: deadUrl } = await direct.send(
    new CreateQueueCommand({ QueueName: `${name}-dead` }),
  );
  const { QueueArn: deadArn } = await attributes(deadUrl);
  const { QueueUrl: url = '' } = await direct.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: {
        // Failed ones come again at once, so that no test waits for it.
        VisibilityTimeout: '0',
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: deadArn,
          maxReceiveCount: tries,
        }),
      },
    }),
  );

  async function attributes(of: string | undefined) {
    const { Attributes = {} } = await direct.send(
      new GetQueueAttributesCommand({ QueueUrl: of, AttributeNames: ['All'] }),
    );
    return Attributes;
  }

  async function count(of: string | undefined): Promise<number> {
    const found = await attributes(of);
    return (
      Number(found.ApproximateNumberOfMessages) +
      Number(found.ApproximateNumberOfMessagesNotVisible)
    );
  }

  async function take() {
    const { Messages = [] } = await direct.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    return Messages.map(({ MessageId = '', Body = '', ReceiptHandle = '', Attributes }) => ({
      handle: ReceiptHandle,
      record: {
        messageId: MessageId,
        body: Body,
        attributes: Attributes,
        eventSource: 'aws:sqs',
        eventSourceARN: `arn:aws:sqs:eu-central-1:123456789012:${name}`,
      },
    }));
  }

  return {
    proxy,
    queue: sqsQueue({ client, url: `${proxy.url}${new URL(url).pathname}` }),
    async receive() {
      return { Records: (await take()).map(({ record }) => record) };
    },
    async poll(handler) {
      const taken = await take();
      if (taken.length === 0) return 0;
      // A function that throws: all of them come again.
      const answer = await handler({ Records: taken.map(({ record }) => record) }).catch(
        () => undefined,
      );
      if (answer === undefined) return taken.length;
      const failed = new Set(answer.batchItemFailures.map((each) => each.itemIdentifier));
      for (const { handle, record } of taken) {
        if (failed.has(record.messageId)) continue;
        await direct.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: handle }));
      }
      return taken.length;
    },
    waiting: () => count(url),
    dead: () => count(deadUrl),
    async [Symbol.asyncDispose]() {
      client.destroy();
      direct.destroy();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
