import type { Message, MessageCode, MessageFacts } from './message.ts';

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
};

/** Makes the words of a message. The only place where text for channels is written. */
export function composeMessage(code: MessageCode, key: string, facts: MessageFacts): Message {
  const { title, lines } = words(code, facts);
  return { code, key, severity: SEVERITY[code], title, lines: [...lines, ...footer(facts)], facts };
}

function words(code: MessageCode, facts: MessageFacts): { title: string; lines: string[] } {
  const where = `${facts.service} ${facts.environment}`;
  const from = facts.from ?? 'the live release';
  const to = facts.to ?? 'the last known good release';
  switch (code) {
    case 'safe-state-on':
      return {
        title: `🚨 SAFE STATE ON: ${where}`,
        // Never "rolled back" when only flags moved.
        lines: [
          `${facts.from ?? 'The live release'} is NOT rolled back.`,
          ...reason(facts),
          ...off(facts),
        ],
      };
    case 'rollback-started':
      return {
        title: `🚨 ROLLBACK IN PROGRESS: ${where}`,
        lines: [`Going from ${from} back to ${to}.`, ...reason(facts), ...eta(facts)],
      };
    case 'progress':
      return { title: `🔄 ROLLBACK UPDATE: ${where}`, lines: [...progress(facts), ...eta(facts)] };
    case 'rollback-complete':
      return {
        title: `✅ ROLLBACK COMPLETE: ${where}`,
        lines: [
          `${to} is live and validated; ${from} is held.`,
          ...off(facts),
          ...postmortem(facts),
        ],
      };
    case 'rollback-failed':
      return {
        title: `❌ ROLLBACK FAILED: ${where}`,
        lines: [
          `Going from ${from} back to ${to} did not work.`,
          ...problems(facts),
          ...off(facts),
        ],
      };
    case 'rollback-unknown':
      return {
        title: `❓ ROLLBACK NOT PROVEN: ${where}`,
        lines: ['Nobody can tell yet whether it worked.', ...problems(facts), ...off(facts)],
      };
    case 'refused':
      return { title: `⛔ ROLLBACK REFUSED: ${where}`, lines: problems(facts) };
    case 'budget-warning':
      return {
        title: `⏳ ROLLBACK IS SLOW: ${where}`,
        lines: ['Most of the time budget is used.', ...progress(facts)],
      };
    case 'budget-exceeded':
      return {
        title: `⏰ ROLLBACK OVER ITS TIME BUDGET: ${where}`,
        lines: ['The work goes on. Somebody should look.', ...progress(facts)],
      };
    case 'recovery-step':
      return { title: `🔄 RECOVERY: ${where}`, lines: [...progress(facts), ...off(facts)] };
    case 'recovery-complete':
      return { title: `✅ RECOVERED: ${where}`, lines: off(facts) };
    default:
      return code satisfies never;
  }
}

const reason = ({ reason: why }: MessageFacts): string[] => [`Reason: ${why}`];
const problems = ({ problems: list }: MessageFacts): string[] =>
  (list ?? []).map((problem) => `Problem: ${problem}`);
const off = ({ off: list }: MessageFacts): string[] => {
  if (list === undefined) return [];
  return [list.length === 0 ? 'Nothing is off any more.' : `Off: ${list.join(', ')}.`];
};
const postmortem = ({ postmortem: link }: MessageFacts): string[] =>
  link === undefined ? [] : [`Postmortem draft: ${link}`];
const eta = ({ eta_s: seconds }: MessageFacts): string[] =>
  seconds === undefined ? [] : [`Done in about ${describeSeconds(seconds)}.`];

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

/** `45 s`, `4 min`: as exact as an estimate deserves. */
export function describeSeconds(seconds: number): string {
  return seconds < 100
    ? `${Math.max(1, Math.round(seconds))} s`
    : `${Math.round(seconds / 60)} min`;
}
