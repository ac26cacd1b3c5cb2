import type { Alarm } from '../model/alarm.ts';
import type { AlarmEvidence } from '../model/alarm-evidence.ts';
import type { Alarms } from '../ports/alarms.ts';
import { type Clock, within } from '../ports/clock.ts';

/** Longest wait for what the monitoring says, in milliseconds: the service waits meanwhile. */
const REREAD_CAP_MS = 1_000;
/** The history decides about what comes after making safe: it is read beside it. */
const CHANGES_CAP_MS = 2_000;

interface Asking {
  clock: Clock;
  alarms?: Alarms;
}

/** The state that an alarm has now, `gone` or `unreadable`. Never throws. */
export async function rereadAlarm(
  { clock, alarms }: Asking,
  { arn }: Pick<Alarm, 'arn'>,
): Promise<string> {
  if (alarms === undefined) return 'unreadable';
  try {
    const found = await within(clock, REREAD_CAP_MS, () => alarms.read(arn));
    return found?.state ?? 'gone';
  } catch {
    return 'unreadable';
  }
}

/** Its changes of state since an instant. Never throws; undefined where nobody can be asked. */
export async function readChanges(
  { clock, alarms }: Asking,
  { arn }: Pick<Alarm, 'arn'>,
  since: number,
): Promise<AlarmEvidence['changes']> {
  if (alarms === undefined) return undefined;
  try {
    return await within(clock, CHANGES_CAP_MS, () => alarms.changes(arn, since));
  } catch {
    return 'unreadable';
  }
}
