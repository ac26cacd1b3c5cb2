import { readEnvironment } from '../../src/config/environment.ts';
import { alarmFunction } from '../../src/wiring/alarm-function.ts';
import { runFunction } from '../../src/wiring/function-log.ts';

const { variables } = readEnvironment();

/**
 * Called with every change of state of an alarm: by CloudWatch, by EventBridge, through a topic or a
 * queue; and with findings of GuardDuty. The answer says what was done, what is proven and what is
 * not; it also goes to the log, because nobody reads the answer of an asynchronous call.
 * @throws BackoutError only when nothing could be made safe: the call is then repeated
 */
export const handler = runFunction('on-alarm', variables, (log) => alarmFunction(variables, log));
