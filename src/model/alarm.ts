/** What an alarm of the monitoring says, and what follows from it. */
import { decide, type Decision, type DecisionRule } from './decision.ts';
import { hashJson } from './json.ts';
import type { Level } from './level.ts';

/** One change of state of one alarm, as it arrived. Texts are cleaned, nothing is interpreted. */
export interface Alarm {
  name: string;
  arn: string;
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
  /** What could not be read and did not matter. */
  notes: string[];
}

/** A rule as an alarm needs it. */
export interface AlarmRule extends Omit<DecisionRule, 'threshold'> {
  /** Names or ARNs of the alarms that mean it. */
  alarms: readonly string[];
  automation: 'observe' | 'armed';
}

export interface AlarmSettings {
  rules: Readonly<Record<string, AlarmRule>>;
  /** Automation of the environment. */
  armed: boolean;
  /** Where alarms may come from; undefined = it was not said, anywhere will do. */
  account: string | undefined;
  regions: readonly string[] | undefined;
  maxAgeMs: number;
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
  level?: Level;
}

/** Clocks differ: what is this much ahead of us is still from now. */
const SKEW_MS = 300_000;

/**
 * What to do about an alarm. Only the exact state ALARM, from a place that is ours, not too old, not
 * silenced, and named by a rule, can lead to anything. An age that cannot be told does not stop it:
 * making safe can be undone, an outage cannot.
 */
export function decideAlarm(alarm: Alarm, settings: AlarmSettings, now: number): AlarmDecision {
  if (alarm.state !== 'ALARM') {
    const said = `The state of ${alarm.name} is ${JSON.stringify(alarm.state.slice(0, 40))}.`;
    if (alarm.state === 'OK') return ignore('state-ok', `${said} Recovering is for a person.`);
    const isGap = alarm.state === 'INSUFFICIENT_DATA';
    return ignore(isGap ? 'state-insufficient-data' : 'state-unknown', said);
  }
  const foreign = foreignSource(alarm, settings);
  if (foreign !== undefined) {
    return { decision: 'refuse', code: 'E_ALARM_SOURCE', reason: foreign, rules: [] };
  }
  if (alarm.silenced !== undefined) {
    return ignore(alarm.silenced, `The actions of ${alarm.name} are ${alarm.silenced}.`);
  }
  const age = alarm.at === undefined ? 0 : now - alarm.at;
  if (age > settings.maxAgeMs || age < -SKEW_MS) {
    const off = `${Math.abs(Math.round(age / 1000))} s ${age < 0 ? 'in the future' : 'old'}`;
    const allowed = `${settings.maxAgeMs / 1000} s`;
    return ignore('stale', `The event is ${off}; ${allowed} are allowed (alarms.max_age).`);
  }
  return decideByRules(alarm, settings, now);
}

function ignore(code: AlarmCode, reason: string): AlarmDecision {
  return { decision: 'ignore', code, reason, rules: [] };
}

const STRENGTH = ['act', 'investigate', 'observe', 'ignore'] as const;

/** An alarm may mean several rules: the strongest decision counts, and all rules that come to it. */
function decideByRules(alarm: Alarm, { rules, armed }: AlarmSettings, now: number): AlarmDecision {
  const meant = Object.entries(rules)
    .filter(([, rule]) => rule.alarms.some((one) => one === alarm.arn || one === alarm.name))
    .map(([name, rule]) => ({ name, ...decideByRule(alarm, rule, armed, now) }));
  for (const decision of STRENGTH) {
    const same = meant.filter((one) => one.decision === decision);
    const [first] = same;
    if (first === undefined) continue;
    const { code, reason } = first;
    const levels = same.flatMap(({ level }) => (level === undefined ? [] : [level]));
    const level: Level | undefined = levels.includes('application') ? 'application' : levels[0];
    return {
      decision,
      code,
      reason,
      rules: same.map(({ name }) => name),
      ...(level === undefined ? {} : { level }),
    };
  }
  const reason = `No rule of backout.yml names the alarm ${alarm.name}: rules.<name>.alarms.`;
  return { decision: 'ignore', code: 'unmapped-alarm', reason, rules: [] };
}

/**
 * An alarm has measured for us, over its own time and against its own threshold: to the rule it is
 * one sample that meets it, or one that is missing.
 */
function decideByRule(alarm: Alarm, rule: AlarmRule, environmentArmed: boolean, now: number) {
  const armed = environmentArmed && rule.automation === 'armed';
  const met = { ...rule, threshold: { at_least: 1 }, for: 1, min_requests: 0 };
  const samples = alarm.noData ? [] : [{ from: now - 1, to: now, requests: 0, value: 1 }];
  const found = decide(met, samples, now, armed);
  const observing = found.code === 'rule-met-observing';
  const gap = alarm.noData ? 'There was no data. ' : '';
  const would = observing ? `Would ${alarm.noData ? rule.missing : rule.decision}. ` : '';
  return {
    decision: observing ? ('observe' as const) : found.decision,
    code: codeOf(found.code),
    reason: would + gap + alarm.reason,
    level: found.level,
  };
}

function codeOf(code: Decision['code']): AlarmCode {
  switch (code) {
    case 'rule-met':
    case 'rule-met-observing':
    case 'rule-met-suggest':
    case 'no-data':
      return code;
    case 'not-met':
    case 'not-long-enough':
    case 'too-few-requests':
    case 'no-threshold':
      // They are about measurements, which an alarm has made already.
      return 'no-data';
    default:
      return code satisfies never;
  }
}

function foreignSource(alarm: Alarm, { account, regions }: AlarmSettings): string | undefined {
  const wrongAccount = alarm.accounts.find((one) => account !== undefined && one !== account);
  if (wrongAccount !== undefined) {
    return `The alarm comes from account ${wrongAccount}; only ${account ?? '?'} is allowed.`;
  }
  const wrongRegion = alarm.regions.find((one) => regions !== undefined && !regions.includes(one));
  if (wrongRegion !== undefined) {
    return `The alarm comes from region ${wrongRegion}; allowed: ${regions?.join(', ') ?? ''}.`;
  }
  if (account !== undefined && alarm.accounts.length === 0) {
    return `The event does not say which account it is from; only ${account} is allowed.`;
  }
  return undefined;
}

/**
 * The incident that an alarm opens. The same change of state gives the same name however often it
 * is delivered, so that a copy finds what the first one did.
 */
export function incidentOfAlarm({ arn, stamp, state, at }: Alarm): string {
  const mark = hashJson([arn, stamp, state]).slice(0, 10);
  if (at === undefined) return `alarm-${mark}`;
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}-${mark}`;
}
