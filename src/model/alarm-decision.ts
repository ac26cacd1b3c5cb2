/** What follows from what a function was called about. Pure: everything known is passed in. */
import type { Alarm, AlarmCode, AlarmDecision, AlarmRule, AlarmSettings } from './alarm.ts';
import { type AlarmEvidence, flappingOf, redBefore } from './alarm-evidence.ts';
import { decide, type Decision, levelOf } from './decision.ts';
import type { Finding } from './finding.ts';
import type { Signalled } from './signalled.ts';

/** Clocks differ: what is this much ahead of us is still from now. */
const SKEW_MS = 300_000;

/** Whether what an event says has to be looked up again before anything is done. */
export function needsSecondLook(alarm: Alarm, settings: AlarmSettings, now: number): boolean {
  return alarm.late || (alarm.at !== undefined && now - alarm.at > settings.rereadAfterMs);
}

/**
 * What to do about an alarm. Only the exact state ALARM, from a place that is ours, not too old, not
 * silenced, still there where it had to be looked up again, and named by a rule, can lead to
 * anything. An age that cannot be told does not stop it: making safe can be undone, an outage cannot.
 */
export function decideAlarm(
  alarm: Alarm,
  settings: AlarmSettings,
  now: number,
  evidence: AlarmEvidence = {},
): AlarmDecision {
  if (alarm.state !== 'ALARM') {
    const said = `The state of ${alarm.name} is ${JSON.stringify(alarm.state.slice(0, 40))}.`;
    if (alarm.state === 'OK') return ignore('state-ok', `${said} Recovering is for a person.`);
    const isGap = alarm.state === 'INSUFFICIENT_DATA';
    return ignore(isGap ? 'state-insufficient-data' : 'state-unknown', said);
  }
  const foreign = foreignSource('alarm', alarm, settings);
  if (foreign !== undefined) return refuse('E_ALARM_SOURCE', foreign);
  if (alarm.silenced !== undefined) {
    return ignore(alarm.silenced, `The actions of ${alarm.name} are ${alarm.silenced}.`);
  }
  const stale = staleness(alarm.at, settings, now);
  if (stale !== undefined) return stale;
  const decided = decideByRules(alarm, settings, now);
  if (decided.decision === 'ignore') return decided;
  return heldAtFlags(afterSecondLook(decided, alarm, settings, now, evidence), alarm, {
    settings,
    evidence,
  });
}

/** What to do about a finding: the rules with signal `security` whose severity it reaches. */
export function decideFinding(
  finding: Finding,
  settings: AlarmSettings,
  now: number,
): AlarmDecision {
  const foreign = foreignSource('finding', finding, settings);
  if (foreign !== undefined) return refuse('E_ALARM_SOURCE', foreign);
  if (finding.archived) return ignore('finding-archived', `${finding.id} was archived.`);
  if (finding.sample) return ignore('finding-sample', `${finding.id} is a sample finding.`);
  const stale = staleness(finding.at, settings, now);
  if (stale !== undefined) return stale;
  const security = Object.entries(settings.rules).filter(([, { signal }]) => signal === 'security');
  const met = security.filter(([, rule]) => finding.severity >= rule.min_severity);
  if (met.length === 0) {
    const lines = security.map(([, rule]) => rule.min_severity);
    const least = lines.length === 0 ? 'no rule has the signal security' : Math.min(...lines);
    const reason = `The severity of ${finding.type} is ${finding.severity}; needed: ${least}.`;
    return ignore('finding-low', reason);
  }
  const as = { name: finding.type, reason: finding.title, noData: false };
  return strongest(met.map(([name, rule]) => ({ name, ...meet(as, rule, settings.armed, now) })));
}

/** What to do about whatever a function was called about. */
export function decideSignalled(
  signalled: Signalled,
  settings: AlarmSettings,
  now: number,
  evidence: AlarmEvidence = {},
): AlarmDecision {
  switch (signalled.kind) {
    case 'alarm':
      return decideAlarm(signalled.alarm, settings, now, evidence);
    case 'finding':
      return decideFinding(signalled.finding, settings, now);
    case 'configuration': {
      const reason = `Somebody changed how ${signalled.name} is set up; its state is as it was.`;
      return ignore('configuration-change', reason);
    }
    case 'other':
      return ignore('not-an-alarm', `This is no alarm event: ${signalled.shown}`);
    default:
      return signalled satisfies never;
  }
}

function staleness(
  at: number | undefined,
  { maxAgeMs }: AlarmSettings,
  now: number,
): AlarmDecision | undefined {
  const age = at === undefined ? 0 : now - at;
  if (age <= maxAgeMs && age >= -SKEW_MS) return undefined;
  const off = `${Math.abs(Math.round(age / 1000))} s ${age < 0 ? 'in the future' : 'old'}`;
  const allowed = `${maxAgeMs / 1000} s`;
  return ignore('stale', `The event is ${off}; ${allowed} are allowed (alarms.max_age).`);
}

/** An old event is worth what the monitoring says now. Where that cannot be read, people decide. */
function afterSecondLook(
  decided: AlarmDecision,
  alarm: Alarm,
  settings: AlarmSettings,
  now: number,
  { reread }: AlarmEvidence,
): AlarmDecision {
  if (!needsSecondLook(alarm, settings, now)) return decided;
  const age =
    alarm.at === undefined ? 'of unknown age' : `${Math.round((now - alarm.at) / 1000)} s old`;
  const event = `The event is ${age}${alarm.late ? ' and was kept back' : ''}`;
  if (reread === undefined || reread === 'unreadable') {
    const reason = `${event}, and the state of ${alarm.name} cannot be read: a person decides.`;
    return refuse('E_ALARM_REREAD', reason);
  }
  if (reread === 'gone') return ignore('alarm-gone', `${event}, and ${alarm.name} is gone.`);
  if (reread === 'ALARM') return decided;
  return ignore('recovered', `${event}, and ${alarm.name} is ${reread.slice(0, 40)} now.`);
}

/**
 * A signal that cannot be trusted may make safe, which can be undone, and nothing more: one without
 * data, one that comes and goes, one that was red before the release went out.
 */
function heldAtFlags(
  decided: AlarmDecision,
  alarm: Alarm,
  { settings, evidence }: { settings: AlarmSettings; evidence: AlarmEvidence },
): AlarmDecision {
  if (decided.level !== 'application') return decided;
  const held = alarm.noData
    ? `${alarm.name} had no data: that is no proof against a release.`
    : (redBefore(alarm.name, evidence) ?? flappingOf(alarm.name, evidence, settings.flapping));
  return held === undefined ? decided : { ...decided, held_at_flags: held };
}

function refuse(code: AlarmCode, reason: string): AlarmDecision {
  return { decision: 'refuse', code, reason, rules: [] };
}

function ignore(code: AlarmCode, reason: string): AlarmDecision {
  return { decision: 'ignore', code, reason, rules: [] };
}

const STRENGTH = ['act', 'investigate', 'observe', 'ignore'] as const;

function decideByRules(alarm: Alarm, { rules, armed }: AlarmSettings, now: number): AlarmDecision {
  const meant = Object.entries(rules)
    .filter(([, rule]) => rule.alarms.some((one) => one === alarm.arn || one === alarm.name))
    .map(([name, rule]) => ({ name, ...meet(alarm, rule, armed, now) }));
  if (meant.length > 0) return strongest(meant);
  const reason = `No rule of backout.yml names the alarm ${alarm.name}: rules.<name>.alarms.`;
  return ignore('unmapped-alarm', reason);
}

type Met = ReturnType<typeof meet> & { name: string };

/** An event may mean several rules: the strongest decision counts, and all rules that come to it. */
function strongest(meant: readonly Met[]): AlarmDecision {
  const decision = STRENGTH.find((one) => meant.some((rule) => rule.decision === one)) ?? 'ignore';
  const same = meant.filter((one) => one.decision === decision);
  const [first] = same;
  if (first === undefined) return ignore('unmapped-alarm', 'No rule means it.');
  const levels = same.flatMap(({ level }) => (level === undefined ? [] : [level]));
  const level = levels.includes('application') ? 'application' : levels[0];
  return {
    decision,
    code: first.code,
    reason: first.reason,
    rules: same.map(({ name }) => name),
    ...(level === undefined ? {} : { level }),
  };
}

/**
 * An alarm has measured for us, over its own time and against its own threshold: to the rule it is
 * one sample that meets it, or one that is missing.
 */
function meet(
  alarm: Pick<Alarm, 'name' | 'reason' | 'noData'>,
  rule: AlarmRule,
  environmentArmed: boolean,
  now: number,
) {
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
    level: observing && rule.decision !== 'suggest' ? levelOf(rule) : found.level,
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

function foreignSource(
  what: 'alarm' | 'finding',
  from: { accounts: readonly string[]; regions: readonly string[] },
  { account, regions }: AlarmSettings,
): string | undefined {
  const wrongAccount = from.accounts.find((one) => account !== undefined && one !== account);
  if (wrongAccount !== undefined) {
    return `The ${what} comes from account ${wrongAccount}; only ${account ?? '?'} is allowed.`;
  }
  const wrongRegion = from.regions.find((one) => regions !== undefined && !regions.includes(one));
  if (wrongRegion !== undefined) {
    return `The ${what} comes from region ${wrongRegion}; allowed: ${regions?.join(', ') ?? ''}.`;
  }
  if (account !== undefined && from.accounts.length === 0) {
    return `The event does not say which account it is from; only ${account} is allowed.`;
  }
  return undefined;
}
