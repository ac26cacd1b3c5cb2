import type { DecidedEvent } from '../../src/model/decided-event.ts';
import { wrap } from './text.ts';

const WORDS = {
  act: 'ACT: the service would be made safe at once',
  investigate: 'INVESTIGATE: wait, look again, then decide',
  ignore: 'IGNORE: nothing would be done',
  refuse: 'REFUSE: nothing would be done, and people would hear of it',
} as const satisfies Record<DecidedEvent['decision'], string>;

/** What an event would lead to, for people. */
export function renderDecided(decided: DecidedEvent, environment: string): string {
  const { decision, code, rule, level, reason, dedupe_key: key, observing, notes } = decided;
  const lines = [
    wrap(WORDS[decision]),
    ...(observing ? [wrap(`But ${environment} only observes: it would be written down.`)] : []),
    '',
    wrap(reason, 'Why        '),
    wrap(code, 'Code       '),
    ...(rule === null ? [] : [wrap(rule, 'Rule       ')]),
    ...(level === null ? [] : [wrap(`up to ${level}, without a person`, 'Level      ')]),
    ...(key === null ? [] : [wrap(key, 'Same as    ')]),
    ...notes.map((note) => wrap(note, 'Note       ')),
  ];
  return lines.join('\n');
}
