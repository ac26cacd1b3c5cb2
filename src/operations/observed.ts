import type { AlarmDecision } from '../model/alarm.ts';
import { dedupeKeyOf } from '../model/alarm.ts';
import { OBSERVED_RULE, observedDay } from '../model/observed.ts';
import type { Signalled } from '../model/signalled.ts';
import { timestamp, within } from '../ports/clock.ts';
import { record } from './journal-writer.ts';
import type { OperationPorts } from './operation-ports.ts';

/** The journal's own wait is 1.5 s at most, and the disk of its spool. */
const RECORD_CAP_MS = 2_000;

/**
 * Writes down what would have been done, for `backout observe report`. A copy of the same event is
 * written once.
 * @throws what Journal.append throws
 */
export async function recordObserved(
  ports: Pick<OperationPorts, 'journal' | 'clock' | 'scope'>,
  signalled: Signalled,
  { rules, reason, level }: AlarmDecision,
): Promise<void> {
  const at = timestamp(ports.clock);
  const key = dedupeKeyOf(signalled) ?? at;
  const alarm = signalled.kind === 'alarm' ? signalled.alarm : undefined;
  const data = {
    rule: OBSERVED_RULE,
    met: rules,
    level,
    ...(alarm === undefined ? {} : { alarm: alarm.name, arn: alarm.arn, stamp: alarm.stamp }),
  };
  await within(ports.clock, RECORD_CAP_MS, () =>
    record(ports, {
      incident: observedDay(ports.clock.now()),
      key: `observed/${key}`,
      kind: 'decision',
      actor: alarm === undefined ? 'a finding' : `alarm ${alarm.name}`,
      at: alarm?.at === undefined ? at : new Date(alarm.at).toISOString(),
      text: reason,
      data,
    }),
  );
}
