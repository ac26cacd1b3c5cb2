/** Who leads an incident. */
import { BackoutError } from './error.ts';
import type { JournalEntry } from './journal.ts';
import { requirePlainText } from './typed-text.ts';

/**
 * The commander that an incident was given, or undefined when it was given none. The assignment
 * that happened last counts, not the one that was stored last: one that waited in the spool of a
 * laptop must not come back over a newer one. Of two in the same millisecond the later stored.
 * @param entries of one incident
 */
export function commanderOf(entries: readonly JournalEntry[]): string | undefined {
  let latest: { at: string; name: string } | undefined;
  for (const { kind, at, data } of entries) {
    const name = data['commander'];
    if (kind !== 'note' || typeof name !== 'string') continue;
    if (latest === undefined || at >= latest.at) latest = { at, name };
  }
  return latest?.name;
}

/** A commander's name as it was typed. @throws BackoutError E_PERSON, E_CONTROL_CHARS (usage) */
export function checkCommander(given: string): string {
  const name = given.trim();
  requirePlainText('The name of the commander', name);
  const length = Array.from(name).length;
  if (length >= 2 && length <= 80) return name;
  throw new BackoutError({
    code: 'E_PERSON',
    kind: 'usage',
    message: `The name of the commander has ${length} characters; 2 to 80 are needed.`,
    remedy: 'Give the name by which people reach them: --commander NAME.',
  });
}
