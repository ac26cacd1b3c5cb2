import { type CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import type { ChangeQuestion } from '../../ports/changes.ts';
import type { TargetChange } from '../../ports/target.ts';
import { callSignal } from './clients.ts';

/** The most that LookupEvents gives in one page; the account may ask twice a second. */
const PAGE = 50;
/** Pages that are read: somebody else's deployments are among the events. */
const MOST_PAGES = 4;
/** Changes that are passed on, the newest first. */
const MOST_CHANGES = 5;

/** How a change of one target looks like in the trail. */
export interface TrailedTarget {
  client: CloudTrailClient;
  /** The call that changes it, such as `UpdateService`. */
  event: string;
  /** Whether a call with these parameters was about it. */
  isIt: (parameters: Readonly<Record<string, unknown>>) => boolean;
}

const page = z.object({
  Events: z
    .array(z.object({ EventTime: z.date().optional(), CloudTrailEvent: z.string().default('') }))
    .default([]),
  NextToken: z.string().optional(),
});

/** The record that an event carries as text; what we do not know of it is left alone. */
const recordSchema = z.object({
  eventName: z.string(),
  eventTime: z.string().optional(),
  userAgent: z.string().optional(),
  sourceIPAddress: z.string().optional(),
  errorCode: z.string().nullish(),
  userIdentity: z
    .object({
      arn: z.string().optional(),
      userName: z.string().optional(),
      invokedBy: z.string().optional(),
    })
    .optional(),
  requestParameters: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * Who changed a target, as AWS CloudTrail has it: the identity, its address and its program. Calls
 * that AWS refused are left out. What happens now is there some minutes later. Management events of 90 days are there without any trail.
 * @throws what the SDK throws
 */
export async function changesInTrail(
  { client, event, isIt }: TrailedTarget,
  { since }: Pick<ChangeQuestion, 'since'>,
  signal: AbortSignal,
): Promise<TargetChange[]> {
  const found: TargetChange[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const command = new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: event }],
      StartTime: new Date(since),
      MaxResults: PAGE,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    const answer = page.parse(await client.send(command, { abortSignal: callSignal(signal) }));
    for (const { CloudTrailEvent: text, EventTime: at } of answer.Events) {
      const change = readChange(text, at, isIt);
      if (change !== undefined) found.push(change);
    }
    token = answer.NextToken;
    if (token === undefined || found.length >= MOST_CHANGES) break;
  }
  return found.slice(0, MOST_CHANGES);
}

/** One that cannot be understood must not hide the others. */
function readChange(
  text: string,
  at: Date | undefined,
  isIt: TrailedTarget['isIt'],
): TargetChange | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { eventName, userAgent, sourceIPAddress, errorCode, userIdentity } = parsed.data;
  if (errorCode || !isIt(parsed.data.requestParameters ?? {})) return undefined;
  const by = userIdentity?.arn ?? userIdentity?.userName ?? userIdentity?.invokedBy;
  const from = sourceIPAddress === undefined ? '' : ` from ${sourceIPAddress}`;
  const agent = userAgent === undefined ? '' : ` with ${userAgent.slice(0, LONGEST_AGENT)}`;
  const time = at?.toISOString();
  return {
    how: `${eventName}${from}${agent}`,
    ...(by === undefined ? {} : { by }),
    ...(time === undefined ? {} : { at: time }),
  };
}

/** `aws-cli/2.31.0 md/awscrt#0.27 …`: its beginning says which program it is. */
const LONGEST_AGENT = 60;

/** `UpdateAlias20150331`: the call of Lambda's API, with the date of its version. */
export const MOVES_ALIAS = 'UpdateAlias20150331';

/** Names and ARNs stand for each other: `shop` and `arn:aws:lambda:…:function:shop`. */
export function isSameResource(given: unknown, name: string): boolean {
  return typeof given === 'string' && lastPart(given) === lastPart(name);
}

function lastPart(text: string): string | undefined {
  return text.split(/[:/]/).at(-1);
}
