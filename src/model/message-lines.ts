/** Lines that messages of several kinds have. */
import type { MessageFacts } from './message.ts';

export const reason = ({ reason: why }: MessageFacts): string[] => [`Reason: ${why}`];
export const problems = ({ problems: list }: MessageFacts): string[] =>
  (list ?? []).map((problem) => `Problem: ${problem}`);
/** The commander by name: it is them that a page of this kind is for. */
export function called({ page = [], commander }: MessageFacts): string[] {
  const who = page.map((contact) =>
    contact === 'commander' && commander !== undefined ? `${contact} (${commander})` : contact,
  );
  return who.length === 0 ? [] : [`Call now: ${who.join(', ')}.`];
}

/** `45 s`, `4 min`: as exact as an estimate deserves. */
export function describeSeconds(seconds: number): string {
  return seconds < 100
    ? `${Math.max(1, Math.round(seconds))} s`
    : `${Math.round(seconds / 60)} min`;
}
