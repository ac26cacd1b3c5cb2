import { alarmName } from '../config/resource-names.ts';
import type { SelectedConfig } from '../config/select.ts';
import type { AlarmSettings } from '../model/alarm.ts';

/** What of a configuration decides about alarms. */
export function alarmSettings(config: SelectedConfig): AlarmSettings {
  const { service, rules, alarms, environment } = config;
  const { account, regions, automation } = environment;
  const scope = { service, environment: environment.name };
  // The alarm that was made from a rule means it, without anybody writing that down.
  const meant = Object.entries(rules).map(
    ([name, rule]) =>
      [name, { ...rule, alarms: [...rule.alarms, alarmName(scope, name)] }] as const,
  );
  return {
    rules: Object.fromEntries(meant),
    armed: automation === 'armed',
    account,
    regions,
    maxAgeMs: alarms.max_age,
    rereadAfterMs: alarms.reread_after,
    flapping: { changes: alarms.flapping.changes, withinMs: alarms.flapping.within },
  };
}
