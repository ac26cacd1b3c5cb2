import * as z from 'zod';

/** One message, as Lambda hands it over. */
export interface QueueRecord {
  id: string;
  body: string;
  /** When it was sent, in milliseconds since 1970; undefined when the event does not say. */
  sentAt: number | undefined;
  /** How often it was handed out, this time included; 1 when the event does not say. */
  received: number;
}

/** What a function answers so that only these messages come again. */
export interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[];
}

const queueEvent = z.object({
  Records: z.array(
    z.object({
      messageId: z.string().min(1),
      body: z.string(),
      eventSource: z.literal('aws:sqs'),
      attributes: z
        .object({
          SentTimestamp: z.coerce.number().optional().catch(undefined),
          ApproximateReceiveCount: z.coerce.number().int().positive().catch(1),
        })
        .optional()
        .catch(undefined),
    }),
  ),
});

/** The messages of an event of SQS; undefined when it is anything else. */
export function parseQueueEvent(event: unknown): QueueRecord[] | undefined {
  const parsed = queueEvent.safeParse(event);
  if (!parsed.success) return undefined;
  return parsed.data.Records.map(({ messageId, body, attributes }) => ({
    id: messageId,
    body,
    sentAt: attributes?.SentTimestamp,
    received: attributes?.ApproximateReceiveCount ?? 1,
  }));
}

/** The answer for these messages. */
export function bringAgain(records: Iterable<Pick<QueueRecord, 'id'>>): BatchAnswer {
  return { batchItemFailures: [...records].map(({ id }) => ({ itemIdentifier: id })) };
}
