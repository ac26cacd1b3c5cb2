import { describe, expect, it } from 'vitest';
import { formatOverride } from '../../src/model/flag-documents.ts';
import { newestOverrides, overrideName } from '../../src/model/parameter-log.ts';
import { liftedOverride, safeOverride } from '../contracts/flags.contract.ts';

const safe = (minute: number): string => formatOverride(safeOverride(minute));
const lifted = (minute: number): string => formatOverride(liftedOverride(minute));

describe('The name of a document', () => {
  it.each([
    [1, 'safe', 'inc1'],
    [2, 'safe', 'inc1.2'],
    [1, 'lifted', 'inc1.lifted'],
    [12, 'lifted', 'inc1.12.lifted'],
  ] as const)('with number %i that is %s is %s', (number, mode, name) => {
    expect(overrideName('inc1', number, mode)).toBe(name);
    const text = mode === 'safe' ? safe(1) : lifted(1);
    expect(newestOverrides({ [name]: text }).get('inc1')).toMatchObject({
      number,
      override: { mode },
    });
  });
});

describe('What holds of an incident', () => {
  it.each<[string, Record<string, string | null>, object]>([
    ['the highest number', { inc1: safe(1), 'inc1.2.lifted': lifted(2) }, liftedOverride(2)],
    ['also after a lift', { 'inc1.2.lifted': lifted(2), 'inc1.3': safe(3) }, safeOverride(3)],
    [
      'compared as a number',
      { 'inc1.9': safe(9), 'inc1.10.lifted': lifted(10) },
      liftedOverride(10),
    ],
    ['of one number the later', { 'inc1.2': safe(3), 'inc1.2.lifted': lifted(2) }, safeOverride(3)],
    [
      'of two at once the lift',
      { 'inc1.2': safe(2), 'inc1.2.lifted': lifted(2) },
      liftedOverride(2),
    ],
    ['not a lift by a false name', { inc1: safe(1), 'inc1.2': lifted(2) }, { mode: 'unreadable' }],
    ['nor an override by one', { inc1: safe(1), 'inc1.2.lifted': safe(2) }, { mode: 'unreadable' }],
    ['nor what is no JSON', { inc1: safe(1), 'inc1.2': '{' }, { mode: 'unreadable' }],
    ['nor what cannot be read', { inc1: null }, { mode: 'unreadable' }],
  ])('is %s', (_what, documents, override) => {
    expect([...newestOverrides(documents).keys()]).toEqual(['inc1']);
    expect(newestOverrides(documents).get('inc1')?.override).toMatchObject(override);
  });

  it.each(['inc1.1', 'inc1.02', 'inc1/2', 'inc1.lifted.2', 'ä', 'inc1.2.LIFTED', '.lifted'])(
    'is everything safe when somebody wrote %s',
    (name) => {
      const found = [...newestOverrides({ inc1: lifted(9), [name]: lifted(9) }).values()];
      expect(found.map(({ override }) => override.mode)).toContain('unreadable');
    },
  );
});
