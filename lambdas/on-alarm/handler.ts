import { readEnvironment } from '../../src/config/environment.ts';
import type { AlarmAnswer } from '../../src/operations/answer-alarm.ts';
import { alarmFunction, type BatchAnswer } from '../../src/wiring/alarm-function.ts';

const alarms = alarmFunction(readEnvironment().variables, (line) => {
  process.stdout.write(`${line}\n`);
});

/**
 * Called with every change of state of an alarm: by CloudWatch, by EventBridge, through a topic or a
 * queue; and with findings of GuardDuty. The answer says what was done, what
 * is proven and what is not; it also goes to the log, because nobody reads the answer of an
 * asynchronous call.
 * @throws BackoutError only when nothing could be made safe: the call is then repeated
 */
export async function handler(event: unknown): Promise<AlarmAnswer | BatchAnswer> {
  return await alarms.answer(event);
}
