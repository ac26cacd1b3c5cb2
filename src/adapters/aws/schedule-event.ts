import * as z from 'zod';

/** Longest excerpt of an event that is none, in characters. */
const SHOWN = 80;

/**
 * What EventBridge sends when a rule's schedule is due (`aws.events`), and EventBridge Scheduler
 * when nothing else is configured as its input (`aws.scheduler`).
 */
const eventSchema = z.looseObject({
  source: z.enum(['aws.events', 'aws.scheduler']),
  'detail-type': z.literal('Scheduled Event'),
  time: z.string(),
});

export type ScheduleEvent =
  | { kind: 'schedule'; at: string }
  /** Anything else, with its beginning: nothing is guessed. */
  | { kind: 'other'; shown: string };

/** Never throws: whatever arrives is one or the other. */
export function parseScheduleEvent(event: unknown): ScheduleEvent {
  const parsed = eventSchema.safeParse(event);
  if (parsed.success) return { kind: 'schedule', at: parsed.data.time };
  return { kind: 'other', shown: (JSON.stringify(event) ?? String(event)).slice(0, SHOWN) };
}
