import * as z from 'zod';
import type { Signalled } from '../../../model/signalled.ts';
import { readAlarmState } from './alarm-state.ts';
import { readFinding } from './guardduty.ts';
import { readSnsAlarm } from './sns-alarm.ts';
import { show, textOf } from './texts.ts';
import type { Parcel } from './unwrap-event.ts';

const configuration = z.looseObject({
  source: z.literal('aws.cloudwatch'),
  'detail-type': z.literal('CloudWatch Alarm Configuration Change'),
  detail: z.looseObject({ alarmName: z.unknown().optional() }).optional().catch(undefined),
});

/**
 * Reads one document. Never throws: what is nothing that we know is shown by its first 80
 * characters.
 */
export function readEvent(parcel: Parcel): Signalled {
  const { document } = parcel;
  const changed = configuration.safeParse(document);
  if (changed.success) {
    return { kind: 'configuration', name: textOf(changed.data.detail?.alarmName) ?? 'an alarm' };
  }
  const alarm = readAlarmState(document) ?? readSnsAlarm(parcel);
  if (alarm !== undefined) return { kind: 'alarm', alarm };
  const finding = readFinding(document);
  if (finding !== undefined) return { kind: 'finding', finding };
  return { kind: 'other', shown: show(document) };
}
