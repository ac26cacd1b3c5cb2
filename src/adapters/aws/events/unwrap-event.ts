import * as z from 'zod';

/** One document that a function was handed, out of whatever it was wrapped in. */
export interface Parcel {
  /** What the queue calls it, where it came from a queue: to say which one has to come again. */
  messageId?: string;
  /** The topic that it went through: it knows the region that an old message does not name. */
  topicArn?: string;
  /** When the topic took it, as sent. */
  sentAt?: string;
  document: unknown;
}

const notification = z.looseObject({
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string().optional().catch(undefined),
});
const snsRecord = z.looseObject({ EventSource: z.literal('aws:sns'), Sns: notification });
const sqsRecord = z.looseObject({
  eventSource: z.literal('aws:sqs'),
  messageId: z.string(),
  body: z.string(),
});
const wrapped = z.looseObject({ Records: z.array(z.unknown()).min(1) });

/**
 * Takes an event out of its envelopes: a topic (SNS), a queue (SQS), or a topic into a queue, with
 * the topic's envelope or without it. What is in no envelope is its own only parcel.
 * @returns `queue` true: whoever delivers wants to hear which messages failed
 */
export function unwrapEvent(event: unknown): { queue: boolean; parcels: Parcel[] } {
  const records = wrapped.safeParse(event);
  if (!records.success) return { queue: false, parcels: [{ document: event }] };
  const parcels = records.data.Records.map(openRecord);
  return { queue: parcels.some(({ messageId }) => messageId !== undefined), parcels };
}

function openRecord(record: unknown): Parcel {
  const fromQueue = sqsRecord.safeParse(record);
  if (fromQueue.success) {
    const { messageId, body } = fromQueue.data;
    const document = parseText(body);
    const envelope = notification.safeParse(document);
    return { messageId, ...(envelope.success ? openNotification(envelope.data) : { document }) };
  }
  const fromTopic = snsRecord.safeParse(record);
  return fromTopic.success ? openNotification(fromTopic.data.Sns) : { document: record };
}

function openNotification({ TopicArn, Message, Timestamp }: z.output<typeof notification>): Parcel {
  return {
    topicArn: TopicArn,
    ...(Timestamp === undefined ? {} : { sentAt: Timestamp }),
    document: parseText(Message),
  };
}

/** A text that is no JSON stays one: it is shown, and nothing acts on it. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
