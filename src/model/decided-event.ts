import { type Alarm, type AlarmSettings, dedupeKeyOf } from './alarm.ts';
import { decideSignalled, needsSecondLook } from './alarm-decision.ts';
import type { Signalled } from './signalled.ts';

/** What would be done about an event, for people and scripts. */
export interface DecidedEvent {
  decision: 'act' | 'investigate' | 'ignore' | 'refuse';
  code: string;
  /** The rule that it meets, the first where several do; null: none. */
  rule: string | null;
  /** Highest level that may run without a person; null: none. */
  level: string | null;
  reason: string;
  /** What makes two deliveries the same; null for what can lead to nothing. */
  dedupe_key: string | null;
  /** True: the decision would be that, and automation only observes here. */
  observing: boolean;
  /** What could not be read of the event and did not matter. */
  notes: string[];
}

/**
 * Decides about an event as the function would, and asks nobody. An event that would be looked up
 * again first is decided as if the alarm were red still, and says so.
 */
export function decideEvent(
  signalled: Signalled,
  settings: AlarmSettings,
  now: number,
): DecidedEvent {
  const alarm = signalled.kind === 'alarm' ? signalled.alarm : undefined;
  const looked = alarm !== undefined && needsSecondLook(alarm, settings, now);
  const { decision, code, rules, level, reason } = decideSignalled(signalled, settings, now, {
    reread: 'ALARM',
  });
  const observing = decision === 'observe';
  return {
    decision: observing ? wouldBe(signalled, settings, rules) : decision,
    code,
    rule: rules[0] ?? null,
    level: level ?? null,
    reason,
    dedupe_key: dedupeKeyOf(signalled) ?? null,
    observing,
    notes: [...(alarm?.notes ?? []), ...(looked && rules.length > 0 ? [lookedUp(alarm)] : [])],
  };
}

function lookedUp({ name }: Alarm): string {
  return `The event is old: before anything is done, ${name} is looked up again.`;
}

/** What the strongest of the rules would come to where it may act. */
function wouldBe(
  signalled: Signalled,
  settings: AlarmSettings,
  rules: readonly string[],
): DecidedEvent['decision'] {
  const noData = signalled.kind === 'alarm' && signalled.alarm.noData;
  const each = rules.map((name) => {
    const rule = settings.rules[name];
    return noData ? rule?.missing : rule?.decision;
  });
  if (each.includes('act')) return 'act';
  return each.includes('investigate') ? 'investigate' : 'ignore';
}
