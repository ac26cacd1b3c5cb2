/**
 * The event that a CloudWatch alarm hands to a function directly. Tolerant in what is read: only
 * the alarm's ARN and a state are needed, whatever else is missing or odd becomes a note.
 */
import * as z from 'zod';
import type { Alarm } from '../../model/alarm.ts';

const state = z.looseObject({
  value: z.unknown().optional(),
  reason: z.unknown().optional(),
  reasonData: z.unknown().optional(),
  timestamp: z.unknown().optional(),
  actionsSuppressedBy: z.unknown().optional(),
});

const eventSchema = z.looseObject({
  source: z.literal('aws.cloudwatch'),
  alarmArn: z.string().regex(/^arn:[\w-]+:cloudwatch:[\w-]*:\d*:alarm:./),
  accountId: z.unknown().optional(),
  region: z.unknown().optional(),
  time: z.unknown().optional(),
  alarmData: z.looseObject({
    alarmName: z.unknown().optional(),
    state,
    muteDetail: z.unknown().optional(),
  }),
});

const reasonDataSchema = z.looseObject({ recentDatapoints: z.array(z.unknown()).optional() });

/** Longest text that is taken over from an event: a reason may be 1,023 characters. */
const TEXT_LIMIT = 1_023;

export type ParsedEvent = { kind: 'alarm'; alarm: Alarm } | { kind: 'other'; shown: string };

/** Reads an event. Never throws: what is no alarm is shown by its first 80 characters. */
export function parseAlarmEvent(event: unknown): ParsedEvent {
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) return { kind: 'other', shown: show(event) };
  const { alarmArn, accountId, region, time, alarmData } = parsed.data;
  const notes: string[] = [];
  const [, , , arnRegion = '', arnAccount = '', , ...nameParts] = alarmArn.split(':');
  const name = textOf(alarmData.alarmName) ?? clean(nameParts.join(':'));
  const stamp = textOf(alarmData.state.timestamp) ?? textOf(time) ?? '';
  const at = instantOf(stamp);
  if (at === undefined) notes.push('The time of the event cannot be read.');
  const value = alarmData.state.value;
  const given = [textOf(accountId), textOf(region)];
  return {
    kind: 'alarm',
    alarm: {
      name,
      arn: alarmArn,
      accounts: distinct([arnAccount, given[0]]),
      regions: distinct([arnRegion, given[1]]),
      state: typeof value === 'string' ? value : `no text: ${show(value)}`,
      stamp,
      at,
      reason: textOf(alarmData.state.reason) ?? `The alarm ${name} gives no reason.`,
      noData: hasNoData(alarmData.state.reasonData, notes),
      silenced: silenceOf(alarmData),
      notes,
    },
  };
}

function silenceOf({ state: now, muteDetail }: z.output<typeof eventSchema>['alarmData']) {
  if (now.actionsSuppressedBy !== undefined && now.actionsSuppressedBy !== null) {
    return 'suppressed' as const;
  }
  return muteDetail === undefined || muteDetail === null ? undefined : ('muted' as const);
}

/** `2024-02-17T11:53:08.431+0000`: an offset without a colon, which not every parser accepts. */
function instantOf(stamp: string): number | undefined {
  const usual = stamp.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(usual)) return undefined;
  const at = Date.parse(usual);
  return Number.isNaN(at) ? undefined : at;
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

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = clean(value);
  return text === '' ? undefined : text;
}

/** Anybody who may name an alarm writes these texts: they must not move a cursor or hide words. */
function clean(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, ' ')
    .trim()
    .slice(0, TEXT_LIMIT);
}

function distinct(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.flatMap((one) => (one === undefined || one === '' ? [] : [one])))];
}

/** The beginning of what came, with nothing in it that looks like a key or a password. */
function show(event: unknown): string {
  const text = typeof event === 'string' ? event : (JSON.stringify(event) ?? String(event));
  return clean(text)
    .slice(0, 80)
    .replaceAll(
      /(token|secret|password|key|signature)(["']?\s*[:=]\s*["']?)[^"',&\s}]+/gi,
      '$1$2…',
    );
}
