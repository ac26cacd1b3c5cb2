/** What an alarm of the monitoring says, and what follows from it. */
import type { Flapping } from './alarm-evidence.ts';
import type { DecisionRule } from './decision.ts';
import { hashJson } from './json.ts';
import type { Level } from './level.ts';
import type { Signalled } from './signalled.ts';

/** One change of state of one alarm, as it arrived. Texts are cleaned, nothing is interpreted. */
export interface Alarm {
  name: string;
  arn: string;
  /** Which of the series that the alarm watches it is about, where it watches several. */
  contributor?: string;
  /** Every account and region that the event names: in the ARN, and beside it. */
  accounts: string[];
  regions: string[];
  /** As sent: only the exact `ALARM` acts. */
  state: string;
  /** When it entered that state, as sent: part of what makes two copies the same. */
  stamp: string;
  /** The same in milliseconds since 1970; undefined when it cannot be read. */
  at: number | undefined;
  reason: string;
  /** True when there was nothing to measure, which is not the same as a bad value. */
  noData: boolean;
  /** Somebody asked for silence: the alarm changed, its actions were not meant to run. */
  silenced: 'suppressed' | 'muted' | undefined;
  /** Its action was kept back and runs only now: what it says may be long over. */
  late: boolean;
  /** What could not be read and did not matter. */
  notes: string[];
}

/** A rule as an alarm needs it. */
export interface AlarmRule extends Omit<DecisionRule, 'threshold'> {
  /** Names or ARNs of the alarms that mean it. */
  alarms: readonly string[];
  automation: 'observe' | 'armed';
  /** The rule's signal: findings mean those of `security`. */
  signal: string;
  /** Lowest severity of a finding, 0 to 10. */
  min_severity: number;
}

export interface AlarmSettings {
  rules: Readonly<Record<string, AlarmRule>>;
  /** Automation of the environment. */
  armed: boolean;
  /** Where alarms may come from; undefined = it was not said, anywhere will do. */
  account: string | undefined;
  regions: readonly string[] | undefined;
  maxAgeMs: number;
  /** Older events are looked up again before anything is done, in milliseconds. */
  rereadAfterMs: number;
  flapping: Flapping;
}

/** Stable, for scripts, logs and docs/lambdas.md. */
export type AlarmCode =
  | 'rule-met'
  | 'rule-met-observing'
  | 'rule-met-suggest'
  | 'no-data'
  | 'state-ok'
  | 'state-insufficient-data'
  | 'state-unknown'
  | 'suppressed'
  | 'muted'
  | 'stale'
  | 'recovered'
  | 'alarm-gone'
  | 'configuration-change'
  | 'finding-archived'
  | 'finding-sample'
  | 'finding-low'
  | 'E_ALARM_REREAD'
  | 'unmapped-alarm'
  | 'not-an-alarm'
  | 'duplicate'
  | 'E_ALARM_SOURCE';

export interface AlarmDecision {
  decision: 'act' | 'investigate' | 'observe' | 'ignore' | 'refuse';
  code: AlarmCode;
  reason: string;
  /** The rules that the alarm means and that come to this decision. */
  rules: string[];
  /** Highest level that may run without a person. */
  level?: Exclude<Level, 'database'>;
  /** Why nothing above level flags runs by itself all the same, as a sentence. */
  held_at_flags?: string;
}

/**
 * What makes two deliveries the same: the alarm, the time of its change, the state, and the series
 * where it watches several. Undefined for what can lead to nothing.
 */
export function dedupeKeyOf(signalled: Signalled): string | undefined {
  switch (signalled.kind) {
    case 'alarm': {
      const { arn, stamp, state, contributor } = signalled.alarm;
      return [arn, stamp, state, ...(contributor === undefined ? [] : [contributor])].join('|');
    }
    case 'finding':
      return [signalled.finding.id, signalled.finding.stamp].join('|');
    case 'configuration':
    case 'other':
      return undefined;
    default:
      return signalled satisfies never;
  }
}

/**
 * The incident that a signal opens. The same change of state gives the same name however often it is
 * delivered, so that a copy finds what the first one did; and so do all alarms of one minute, which
 * are one trouble: each of them looks before any of them has written.
 */
export function incidentOfSignal(signalled: Signalled): string {
  const at = instantOf(signalled);
  if (at === undefined) {
    return `alarm-${hashJson([dedupeKeyOf(signalled) ?? 'none']).slice(0, 10)}`;
  }
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}-alarm`;
}

/** When it happened, in milliseconds since 1970; undefined when nobody can tell. */
export function instantOf(signalled: Signalled): number | undefined {
  if (signalled.kind === 'alarm') return signalled.alarm.at;
  return signalled.kind === 'finding' ? signalled.finding.at : undefined;
}
