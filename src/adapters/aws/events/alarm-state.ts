/**
 * A change of state as CloudWatch hands it to a function, and as EventBridge delivers it. Tolerant
 * in what is read: only the alarm's ARN and a state are needed, whatever else is missing or odd
 * becomes a note.
 */
import * as z from 'zod';
import type { Alarm } from '../../../model/alarm.ts';
import { clean, distinct, instantOf, show, textOf } from './texts.ts';

const optional = z.unknown().optional();
const state = z.looseObject({
  value: optional,
  reason: optional,
  reasonData: optional,
  timestamp: optional,
  actionsSuppressedBy: optional,
});
const contributor = z.looseObject({ id: optional, attributes: optional }).optional().catch({});
const alarmData = z.looseObject({
  alarmName: optional,
  alarmContributor: contributor,
  state,
  muteDetail: optional,
});
const arn = z.string().regex(/^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:./);
const source = z.literal('aws.cloudwatch');

const direct = z.looseObject({
  source,
  alarmArn: arn,
  accountId: optional,
  region: optional,
  time: optional,
  alarmContributor: contributor,
  alarmData,
});
const routed = z.looseObject({
  source,
  'detail-type': z.enum([
    'CloudWatch Alarm State Change',
    'CloudWatch Alarm Contributor State Change',
  ]),
  account: optional,
  region: optional,
  time: optional,
  resources: z.tuple([arn], z.unknown()),
  detail: alarmData,
});

const reasonDataSchema = z.looseObject({ recentDatapoints: z.array(z.unknown()).optional() });

/** @returns undefined when it is no such event */
export function readAlarmState(document: unknown): Alarm | undefined {
  const handed = direct.safeParse(document);
  if (handed.success) {
    const { alarmArn, accountId, region, time, alarmContributor, alarmData: data } = handed.data;
    return toAlarm(alarmArn, { account: accountId, region, time }, { alarmContributor, ...data });
  }
  const delivered = routed.safeParse(document);
  if (!delivered.success) return undefined;
  const { resources, account, region, time, detail } = delivered.data;
  return toAlarm(resources[0], { account, region, time }, detail);
}

function toAlarm(
  alarmArn: string,
  beside: { account: unknown; region: unknown; time: unknown },
  data: z.output<typeof alarmData>,
): Alarm {
  const notes: string[] = [];
  const [, , , arnRegion, arnAccount, , ...nameParts] = alarmArn.split(':');
  const name = clean(nameParts.join(':'));
  const given = textOf(data.alarmName);
  // The ARN says where it comes from, so it also says which one it is.
  if (given !== undefined && given !== name) notes.push(`The event calls it ${given}, too.`);
  const stamp = textOf(data.state.timestamp) ?? textOf(beside.time) ?? '';
  const at = instantOf(stamp);
  if (at === undefined) notes.push('The time of the event cannot be read.');
  const { value } = data.state;
  const reason = textOf(data.state.reason) ?? `The alarm ${name} gives no reason.`;
  const from = contributorOf(data.alarmContributor);
  return {
    name,
    arn: alarmArn,
    ...(from === undefined ? {} : { contributor: from }),
    accounts: distinct([arnAccount, textOf(beside.account)]),
    regions: distinct([arnRegion, textOf(beside.region)]),
    state: typeof value === 'string' ? value : `no text: ${show(value)}`,
    stamp,
    at,
    reason,
    noData: saysNoData(reason) || hasNoData(data.state.reasonData, notes),
    silenced: silenceOf(data),
    late: false,
    notes,
  };
}

/** The id of the series that contributed; its attributes where it has none. */
function contributorOf(from: z.output<typeof contributor>): string | undefined {
  if (from === undefined) return undefined;
  return textOf(from.id) ?? textOf(JSON.stringify(from.attributes));
}

function silenceOf({ state: now, muteDetail }: z.output<typeof alarmData>): Alarm['silenced'] {
  if (now.actionsSuppressedBy !== undefined && now.actionsSuppressedBy !== null) {
    return 'suppressed';
  }
  return muteDetail === undefined || muteDetail === null ? undefined : 'muted';
}

/** CloudWatch counts missing data points as breaching where the alarm says so, and lists none. */
function hasNoData(reasonData: unknown, notes: string[]): boolean {
  if (reasonData === undefined || reasonData === null) return false;
  try {
    const text = z.string().parse(reasonData);
    const { recentDatapoints } = reasonDataSchema.parse(JSON.parse(text));
    return recentDatapoints?.length === 0;
  } catch {
    notes.push('The data behind the reason cannot be read.');
    return false;
  }
}

/** The same in CloudWatch's own words, which every route carries. */
export function saysNoData(reason: string): boolean {
  return /no datapoints were received/i.test(reason);
}
