/** An alarm as a topic (SNS) words it: other names, a region for people, often no ARN. */
import * as z from 'zod';
import type { Alarm } from '../../../model/alarm.ts';
import { saysNoData } from './alarm-state.ts';
import { distinct, instantOf, show, textOf } from './texts.ts';
import type { Parcel } from './unwrap-event.ts';

const optional = z.unknown().optional();
const message = z.looseObject({
  AlarmName: z.string().min(1),
  AlarmArn: optional,
  AWSAccountId: optional,
  NewStateValue: z.unknown(),
  NewStateReason: optional,
  StateChangeTime: optional,
  ActionExecutedAfterMuteWindow: optional,
  AlarmContributorId: optional,
});

/** @returns undefined when it is no such message */
export function readSnsAlarm({ document, topicArn, sentAt }: Parcel): Alarm | undefined {
  const parsed = message.safeParse(document);
  // Without a state it says nothing, whatever its name is.
  if (!parsed.success || !('NewStateValue' in parsed.data)) return undefined;
  const { AlarmName, AlarmArn, AWSAccountId, NewStateValue: value, ...rest } = parsed.data;
  const notes: string[] = [];
  const name = textOf(AlarmName) ?? show(AlarmName);
  const account = textOf(AWSAccountId);
  const given = textOf(AlarmArn);
  const [, , , topicRegion] = topicArn?.split(':') ?? [];
  const [, , , arnRegion, arnAccount, , ...nameParts] = given?.split(':') ?? [];
  if (given === undefined) notes.push('The message has no ARN: it was made of its other parts.');
  const stamp = textOf(rest.StateChangeTime) ?? textOf(sentAt) ?? '';
  const at = instantOf(stamp);
  if (at === undefined) notes.push('The time of the event cannot be read.');
  const reason = textOf(rest.NewStateReason) ?? `The alarm ${name} gives no reason.`;
  const contributor = textOf(rest.AlarmContributorId);
  return {
    name: given === undefined ? name : (textOf(nameParts.join(':')) ?? name),
    arn: given ?? `arn:aws:cloudwatch:${topicRegion ?? ''}:${account ?? ''}:alarm:${name}`,
    ...(contributor === undefined ? {} : { contributor }),
    accounts: distinct([arnAccount, account]),
    // `Region` of the message is a name for people, such as "EU (Ireland)".
    regions: distinct([given === undefined ? topicRegion : arnRegion]),
    state: typeof value === 'string' ? value : `no text: ${show(value)}`,
    stamp,
    at,
    reason,
    noData: saysNoData(reason),
    silenced: undefined,
    late: rest.ActionExecutedAfterMuteWindow === true,
    notes,
  };
}
