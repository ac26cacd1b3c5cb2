/** How a message is written down between whoever has something to say and the messenger. */

import * as z from 'zod';
import { LEVELS } from '../../model/level.ts';
import { MESSAGE_CODES, type Message, type MessageFacts } from '../../model/message.ts';

const text = z.exactOptional(z.string());
const texts = z.exactOptional(z.array(z.string()));
const flag = z.exactOptional(z.boolean());

/** Strict: the messenger holds tokens, and says nothing that it does not know. */
const message = z.strictObject({
  code: z.enum(MESSAGE_CODES),
  key: z.string().min(1).max(1_000),
  severity: z.enum(['info', 'warning', 'page']),
  title: z.string(),
  lines: z.array(z.string()),
  facts: z.strictObject({
    service: z.string(),
    environment: z.string(),
    incident: z.string(),
    at: z.iso.datetime(),
    reason: z.string(),
    by: z.string(),
    level: z.enum(LEVELS).optional(),
    work: text,
    from: text,
    to: text,
    returning: flag,
    step: z.exactOptional(
      z.strictObject({ number: z.number(), of: z.number(), now: z.string(), next: text }),
    ),
    eta_s: z.exactOptional(z.number()),
    off: texts,
    held: flag,
    still_failing: flag,
    helped: flag,
    problems: texts,
    postmortem: text,
    runbook: text,
    commander: text,
    complaints: z.exactOptional(z.strictObject({ count: z.number(), within_s: z.number() })),
    decide_at: text,
    at_end: z.exactOptional(z.enum(['roll_back', 'ask'])),
    recovered: flag,
    elapsed_s: z.exactOptional(z.number()),
    customers_hit: flag,
    paused_by: text,
    link: text,
    page: texts,
    found: texts,
    who: texts,
    command: text,
    config_hash: text,
    chain_head: text,
    // What the messenger does not know it refuses: a fact that is added must be added here too.
  } satisfies Record<keyof MessageFacts, z.ZodType>),
}) satisfies z.ZodType<Message>;

/** JSON in one line. */
export function writeMessage(said: Message): string {
  return JSON.stringify(said);
}

/** The message, or undefined when the text is anything else. */
export function readMessage(written: string): Message | undefined {
  try {
    const parsed = message.safeParse(JSON.parse(written));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
