/** The words of what the clock of an incident says. */
import type { MessageFacts } from './message.ts';
import { called, describeSeconds, problems, reason } from './message-lines.ts';

export type ClockMessageCode =
  | 'investigation-started'
  | 'investigation-ended'
  | 'incident-update'
  | 'escalation'
  | 'stability-check'
  | 'follow-up'
  | 'automation-held'
  | 'handed-over'
  | 'clock-ended';

/** Where, and from which release to which. */
interface Names {
  where: string;
  from: string;
  to: string;
}

/** Title and lines of a message of the clock. */
export function clockWords(
  code: ClockMessageCode,
  facts: MessageFacts,
  { where, from, to }: Names,
): { title: string; lines: string[] } {
  switch (code) {
    case 'investigation-started':
      return {
        title: `🔎 INVESTIGATING: ${where}`,
        lines: [...reason(facts), countdown(facts)],
      };
    case 'investigation-ended':
      return facts.recovered === true
        ? { title: `✅ RECOVERED BY ITSELF: ${where}`, lines: ['Nothing was changed.'] }
        : {
            title: `🚨 INVESTIGATION OVER, MAKING SAFE: ${where}`,
            lines: reason(facts),
          };
    case 'incident-update':
      return {
        title: `🔄 INCIDENT GOES ON: ${where}, ${elapsed(facts)}`,
        lines: [
          ...reason(facts),
          ...(facts.decide_at === undefined ? [] : [countdown(facts)]),
          ...(facts.paused_by === undefined ? [] : [`Paused by ${facts.paused_by}.`]),
          ...problems(facts),
        ],
      };
    case 'escalation':
      return {
        title: `📣 CALLING FOR HELP: ${where}, ${elapsed(facts)}`,
        lines: [
          ...reason(facts),
          ...(facts.customers_hit === true ? ['Customers are hit.'] : []),
          ...called(facts),
        ],
      };
    case 'stability-check':
      return {
        title: `🕐 IS IT STABLE? ${where}`,
        lines: [...reason(facts), 'Look at the checks, the customers and the evidence.'],
      };
    case 'follow-up':
      return {
        title: `📋 FOLLOW-UP: ${where}`,
        lines: [
          'Plan the root cause, the fix, the gaps in the process and the next deployment.',
          'The incident is open until somebody closes it.',
        ],
      };
    case 'automation-held':
      return {
        title: `✋ NOTHING MORE RUNS BY ITSELF: ${where}`,
        lines: ['The safe state is as it is said; the release stays.', ...reason(facts)],
      };
    case 'handed-over':
      return {
        title: `🔄 GOING BACK TO ${to}: ${where}`,
        lines: [
          `From ${from} to ${to}, without a person.`,
          ...(facts.link === undefined ? [] : [`Watch it: ${facts.link}`]),
          ...problems(facts),
        ],
      };
    case 'clock-ended':
      return {
        title: `⏹ NO MORE UPDATES: ${where}`,
        lines: ['The incident is open still, and its clock has run for as long as it may.'],
      };
    default:
      return code satisfies never;
  }
}

const elapsed = ({ elapsed_s: seconds = 0 }: MessageFacts): string => describeSeconds(seconds);
/** `Will roll back at 14:12 UTC unless it recovers or somebody pauses it.` */
function countdown({ decide_at: at, at_end: end, paused_by: paused }: MessageFacts): string {
  const when = at === undefined ? 'at the end' : `at ${at.slice(11, 16)} UTC`;
  if (paused !== undefined) return 'The countdown stands still.';
  return end === 'ask'
    ? `A person decides ${when}, unless it recovers before.`
    : `Will roll back ${when}, unless it recovers or somebody pauses it.`;
}
