import { clockWords } from './clock-catalogue.ts';
import type { Message, MessageCode, MessageFacts } from './message.ts';
import { called, describeSeconds, problems, reason } from './message-lines.ts';

/** How loud each message is. */
const SEVERITY: Record<MessageCode, Message['severity']> = {
  'safe-state-on': 'warning',
  'rollback-started': 'warning',
  progress: 'info',
  'rollback-complete': 'info',
  'rollback-failed': 'page',
  'rollback-unknown': 'page',
  refused: 'warning',
  'budget-warning': 'warning',
  'budget-exceeded': 'page',
  'recovery-step': 'info',
  'recovery-complete': 'info',
  'maintenance-done': 'info',
  'maintenance-failed': 'warning',
  'complaints-investigate': 'warning',
  'complaints-page': 'page',
  'commander-assigned': 'info',
  'held-release-back': 'page',
  'held-release-gone': 'info',
  'guard-blind': 'warning',
  'guard-sees': 'info',
  'person-needed': 'page',
  'investigation-started': 'warning',
  'investigation-ended': 'warning',
  'incident-update': 'info',
  escalation: 'page',
  'stability-check': 'info',
  'follow-up': 'info',
  'automation-held': 'page',
  'handed-over': 'warning',
  'clock-ended': 'warning',
};

/** Names listed in one line; the facts have all of them. */
const LISTED = 20;

/** Makes the words of a message. The only place where text for channels is written. */
export function composeMessage(code: MessageCode, key: string, facts: MessageFacts): Message {
  const { title, lines } =
    facts.level === 'flags' ? safeStateWords(code, facts) : words(code, facts);
  return {
    code,
    key,
    severity: SEVERITY[code],
    title: oneLine(title),
    lines: [...lines, ...footer(facts)].map(oneLine),
    facts,
  };
}

/** Level flags: the same moments without the word rollback, because no release moves. */
function safeStateWords(
  code: MessageCode,
  facts: MessageFacts,
): { title: string; lines: string[] } {
  const where = `${facts.service} ${facts.environment}`;
  switch (code) {
    case 'rollback-started':
      return { title: `🚨 MAKING SAFE: ${where}`, lines: [...reason(facts), ...eta(facts)] };
    case 'progress':
      return { title: `🔄 MAKING SAFE: ${where}`, lines: [...progress(facts), ...eta(facts)] };
    case 'rollback-failed':
      return {
        title: `❌ SAFE STATE NOT ON: ${where}`,
        lines: ['The flags are not all at their safe values.', ...problems(facts), ...off(facts)],
      };
    case 'rollback-unknown':
      return {
        title: `❓ SAFE STATE NOT PROVEN: ${where}`,
        lines: ['Nobody can tell yet whether it is on.', ...problems(facts), ...off(facts)],
      };
    case 'refused':
      return { title: `⛔ SAFE STATE REFUSED: ${where}`, lines: problems(facts) };
    case 'budget-warning':
      return {
        title: `⏳ MAKING SAFE IS SLOW: ${where}`,
        lines: ['Most of the time budget is used.', ...progress(facts)],
      };
    case 'budget-exceeded':
      return {
        title: `⏰ MAKING SAFE IS OVER ITS TIME BUDGET: ${where}`,
        lines: ['The work goes on. Somebody should look.', ...progress(facts)],
      };
    case 'rollback-complete':
      return words('safe-state-on', facts);
    case 'safe-state-on':
    case 'recovery-step':
    case 'recovery-complete':
    case 'maintenance-done':
    case 'maintenance-failed':
    case 'complaints-investigate':
    case 'complaints-page':
    case 'commander-assigned':
    case 'held-release-back':
    case 'held-release-gone':
    case 'guard-blind':
    case 'guard-sees':
    case 'person-needed':
    case 'investigation-started':
    case 'investigation-ended':
    case 'incident-update':
    case 'escalation':
    case 'stability-check':
    case 'follow-up':
    case 'automation-held':
    case 'handed-over':
    case 'clock-ended':
      return words(code, facts);
    default:
      return code satisfies never;
  }
}

function words(code: MessageCode, facts: MessageFacts): { title: string; lines: string[] } {
  const where = `${facts.service} ${facts.environment}`;
  const from = facts.from ?? 'the live release';
  const to = facts.to ?? 'the last known good release';
  const noun = facts.returning === true ? 'RETURN' : 'ROLLBACK';
  switch (code) {
    case 'safe-state-on':
      return {
        title: `🚨 SAFE STATE ON: ${where}`,
        // Never "rolled back" when only flags moved.
        lines: [
          `${facts.from ?? 'The live release'} is NOT rolled back.`,
          ...reason(facts),
          ...problems(facts),
          ...off(facts),
        ],
      };
    case 'rollback-started':
      return {
        title: `🚨 ${noun} IN PROGRESS: ${where}`,
        lines: [way(facts, from, to), ...reason(facts), ...eta(facts)],
      };
    case 'progress':
      return { title: `🔄 ${noun} UPDATE: ${where}`, lines: [...progress(facts), ...eta(facts)] };
    case 'rollback-complete':
      return {
        title: `✅ ${noun} COMPLETE: ${where}`,
        lines: [
          `${to} is live and validated${held(facts, from)}.`,
          ...(facts.helped === false
            ? [`What was off is off as before: ${from} is probably not the cause.`]
            : []),
          ...problems(facts),
          ...off(facts),
          ...postmortem(facts),
        ],
      };
    case 'rollback-failed':
      return {
        title: `❌ ${noun} FAILED: ${where}`,
        lines: [
          facts.still_failing === true
            ? `${to} is live, and the checks still fail${innocent(facts, from)}.`
            : `${goingTo(facts, from, to)} did not work.`,
          ...problems(facts),
          ...off(facts),
        ],
      };
    case 'rollback-unknown':
      return {
        title: `❓ ${noun} NOT PROVEN: ${where}`,
        lines: ['Nobody can tell yet whether it worked.', ...problems(facts), ...off(facts)],
      };
    case 'refused':
      return { title: `⛔ ${noun} REFUSED: ${where}`, lines: problems(facts) };
    case 'budget-warning':
      return {
        title: `⏳ ${noun} IS SLOW: ${where}`,
        lines: ['Most of the time budget is used.', ...progress(facts)],
      };
    case 'budget-exceeded':
      return {
        title: `⏰ ${noun} OVER ITS TIME BUDGET: ${where}`,
        lines: ['The work goes on. Somebody should look.', ...progress(facts)],
      };
    case 'recovery-step':
      return { title: `🔄 RECOVERY: ${where}`, lines: [...progress(facts), ...off(facts)] };
    case 'recovery-complete':
      return { title: `✅ RECOVERED: ${where}`, lines: off(facts) };
    case 'maintenance-done':
      return { title: `🔧 DONE: ${work(facts)}, ${where}`, lines: reason(facts) };
    case 'maintenance-failed':
      return {
        title: `⚠️ NOT DONE OR NOT PROVEN: ${work(facts)}, ${where}`,
        lines: [...reason(facts), ...problems(facts)],
      };
    case 'complaints-investigate':
      return {
        title: `🔎 USERS COMPLAIN: ${where}`,
        lines: [...complaints(facts), `Investigate. ${personDecides(facts)}`],
      };
    case 'complaints-page':
      return {
        title: `📣 MANY USERS COMPLAIN: ${where}`,
        lines: [...complaints(facts), ...called(facts), 'What to do is for a person to decide.'],
      };
    case 'commander-assigned':
      return {
        title: `🧭 COMMANDER ASSIGNED: ${where}`,
        lines: [`${facts.commander ?? 'Somebody'} leads this incident from now on.`],
      };
    case 'held-release-back':
      return {
        title: `🚨 HELD RELEASE IS BACK: ${where}`,
        lines: [...findings(facts), ...byWhom(facts), 'Nothing was changed: a person decides.'],
      };
    case 'held-release-gone':
      return { title: `✅ HELD RELEASE IS GONE AGAIN: ${where}`, lines: findings(facts) };
    case 'guard-blind':
      return {
        title: `❓ GUARD CANNOT TELL WHAT IS LIVE: ${where}`,
        lines: [...findings(facts), 'A held release that comes back meanwhile may go unnoticed.'],
      };
    case 'guard-sees':
      return { title: `✅ GUARD CAN TELL WHAT IS LIVE AGAIN: ${where}`, lines: findings(facts) };
    case 'person-needed':
      return { title: `🚨 A PERSON HAS TO DECIDE: ${where}`, lines: reason(facts) };
    case 'investigation-started':
    case 'investigation-ended':
    case 'incident-update':
    case 'escalation':
    case 'stability-check':
    case 'follow-up':
    case 'automation-held':
    case 'handed-over':
    case 'clock-ended':
      return clockWords(code, facts, { where, from, to });
    default:
      return code satisfies never;
  }
}

/** A return goes to what is held, on purpose: whoever reads it must not take it for a mistake. */
function way(facts: MessageFacts, from: string, to: string): string {
  const why = facts.returning === true ? ', on purpose: the rollback did not help' : '';
  return `${goingTo(facts, from, to)}${why}.`;
}
function goingTo({ returning }: MessageFacts, from: string, to: string): string {
  return returning === true
    ? `Returning from ${from} to ${to}`
    : `Going from ${from} back to ${to}`;
}
const findings = ({ found: list = [] }: MessageFacts): string[] => list;
const byWhom = ({ who: list = [] }: MessageFacts): string[] => list;
const work = ({ work: what = 'maintenance' }: MessageFacts): string => what;
const off = ({ off: list }: MessageFacts): string[] => {
  if (list === undefined) return [];
  if (list.length === 0) return ['Nothing is off any more.'];
  const rest = list.length - LISTED;
  return [`Off: ${list.slice(0, LISTED).join(', ')}${rest > 0 ? `, and ${rest} more` : ''}.`];
};
/** Only what is known: a hold that failed would let the bad release come back. */
function innocent({ helped }: MessageFacts, from: string): string {
  return helped === false ? `: ${from} is probably not the cause` : '';
}

const held = (facts: MessageFacts, from: string): string =>
  facts.held === undefined ? '' : `; ${from} is ${facts.held ? '' : 'NOT '}held`;
const postmortem = ({ postmortem: link }: MessageFacts): string[] =>
  link === undefined ? [] : [`Postmortem draft: ${link}`];
const eta = ({ eta_s: seconds }: MessageFacts): string[] =>
  seconds === undefined ? [] : [`Done in about ${describeSeconds(seconds)}.`];

const complaints = ({ complaints: found }: MessageFacts): string[] =>
  found === undefined ? [] : [`${countComplaints(found.count, found.within_s * 1000)}.`];
const personDecides = ({ decide_at: at }: MessageFacts): string =>
  at === undefined ? 'Then a person decides.' : `A person decides at ${at.slice(11, 16)} UTC.`;
/** `4 user complaints within 30 min` */
export function countComplaints(count: number, withinMs: number): string {
  const many = count === 1 ? '1 user complaint' : `${count} user complaints`;
  return `${many} within ${describeSeconds(withinMs / 1000)}`;
}

function progress({ step }: MessageFacts): string[] {
  if (step === undefined) return [];
  const lines = [`Step ${step.number} of ${step.of}`, `Now: ${step.now}`];
  return step.next === undefined ? lines : [...lines, `Next: ${step.next}`];
}

function footer(facts: MessageFacts): string[] {
  const lines = [`Incident ${facts.incident} · ${facts.at} · by ${facts.by}`];
  if (facts.command !== undefined) lines.push(`Run: ${facts.command}`);
  if (facts.commander !== undefined) lines.push(`Commander: ${facts.commander}`);
  if (facts.runbook !== undefined) lines.push(`Runbook: ${facts.runbook}`);
  const proofs = [
    facts.config_hash && `configuration ${facts.config_hash.slice(0, 12)}`,
    facts.chain_head && `journal ${facts.chain_head.slice(0, 12)}`,
  ].filter((proof) => proof !== undefined && proof !== '');
  if (proofs.length > 0) lines.push(proofs.join(' · '));
  return lines;
}

/** A reason of several lines, or one that turns the writing round, must not pose as our words. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}
