import { describe, expect, it } from 'vitest';
import { checkCommander, commanderOf } from '../../src/model/commander.ts';
import type { JournalEntry, NewEntry } from '../../src/model/journal.ts';
import { chainEntry } from '../../src/model/journal-rules.ts';

/** Assignments of an incident in the order of storing: minute and name. */
function assigned(...given: [minute: number, name: unknown, more?: Partial<NewEntry>][]) {
  const entries: JournalEntry[] = [];
  for (const [index, [minute, name, more]] of given.entries()) {
    const content: NewEntry = {
      service: 'storefront',
      environment: 'production',
      incident: 'incident1',
      key: `incident1/${index}`,
      kind: 'note',
      at: new Date(Date.UTC(2025, 0, 12, 3, minute)).toISOString(),
      actor: 'kim',
      text: 'Somebody leads.',
      data: { commander: typeof name === 'string' ? name : 7 },
      ...more,
    };
    entries.push(chainEntry(content, entries.at(-1)));
  }
  return entries;
}

describe('the commander of an incident', () => {
  it.each<[string, JournalEntry[], string | undefined]>([
    ['is nobody before anybody is assigned', [], undefined],
    ['is who was assigned', assigned([0, 'maria']), 'maria'],
    ['is who was assigned last', assigned([0, 'maria'], [5, 'kim']), 'kim'],
    ['is who was assigned last, though stored first', assigned([5, 'kim'], [0, 'maria']), 'kim'],
    ['is the later stored of two at one instant', assigned([0, 'maria'], [0, 'kim']), 'kim'],
    ['is nobody who is no name', assigned([0, 7]), undefined],
    [
      'is not read from entries of another kind',
      assigned([0, 'maria', { kind: 'message' }]),
      undefined,
    ],
  ])('%s', (_, entries, expected) => {
    expect(commanderOf(entries)).toBe(expected);
  });

  it.each(['Jo', '  maria  ', '李娜', 'x'.repeat(80), '😀'.repeat(80)])(
    'may be called %s',
    (name) => {
      expect(checkCommander(name)).toBe(name.trim());
    },
  );

  it.each([
    ['', 'E_PERSON'],
    ['x', 'E_PERSON'],
    ['  x  ', 'E_PERSON'],
    ['x'.repeat(81), 'E_PERSON'],
    ['ma\nria', 'E_CONTROL_CHARS'],
    ['ma\u202eria', 'E_CONTROL_CHARS'],
  ])('may not be called %j', (name, code) => {
    expect(() => checkCommander(name)).toThrow(expect.objectContaining({ code, kind: 'usage' }));
  });
});
