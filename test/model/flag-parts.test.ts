import { describe, expect, it } from 'vitest';
import {
  applyPartChange,
  type FlagPart,
  formatPart,
  mergeParts,
  PARAMETER_BYTES,
  type PartChange,
  parsePartName,
  partName,
  planParts,
} from '../../src/model/flag-parts.ts';
import type { FlagValues } from '../../src/model/flags.ts';
import { seededRandom } from '../contracts/flags.contract.ts';

function apply(parts: readonly FlagPart[], change: PartChange): FlagPart[] {
  const { number } = change;
  const before = parts.find((part) => part.number === number)?.values ?? {};
  const others = parts.filter((part) => part.number !== number);
  return [...others, { number, values: applyPartChange(before, change) }];
}

describe('The name of a part', () => {
  it.each([
    ['features', 1, 'features'],
    ['features.2', 1, 'features.2'],
    ['features', 12, 'features/12'],
  ])('of %s, number %i, is %s', (group, number, name) => {
    expect(partName(group, number)).toBe(name);
    expect(parsePartName(name)).toEqual({ group, number });
  });

  it.each(['', 'a/1', 'a/0', 'a/02', 'a/b', 'a/2/3', 'a/', '/2'])('is not %j', (name) => {
    expect(parsePartName(name)).toBeUndefined();
  });
});

describe('Parts', () => {
  it('of an empty group are one, so that the group exists', () => {
    expect(planParts('none', [], {})).toEqual([{ number: 1, isNew: true, set: {}, remove: [] }]);
  });

  it('are the same whoever makes them', () => {
    const names = Array.from({ length: 1_000 }, (_, at) => [`flag${at}`, at] as const);
    const plan = planParts('a', [], Object.fromEntries(names));
    expect(planParts('a', [], Object.fromEntries(names.toReversed()))).toEqual(plan);
  });

  it('of which the higher has a flag too: the higher counts, and the lower loses it', () => {
    const stored = [
      { number: 1, values: { a: 1, b: 1 } },
      { number: 2, values: { a: 2 } },
    ];
    expect(mergeParts(stored)).toEqual({ a: 2, b: 1 });
    expect(planParts('g', stored, { a: 2, b: 1 })).toEqual([
      { number: 1, isNew: false, set: {}, remove: ['a'] },
    ]);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'hold what is wanted, in their size, and lose no flag on the way (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      let parts: FlagPart[] = [];
      let values: FlagValues = {};
      for (let turn = 0; turn < 40; turn += 1) {
        const wanted: FlagValues = {};
        for (const [name, value] of Object.entries(values)) {
          const dice = random();
          if (dice < 0.05) continue;
          wanted[name] = dice < 0.15 ? 'ä"\n'.repeat(Math.floor(random() * 300)) : value;
        }
        for (let more = Math.floor(random() * 60); more > 0; more -= 1) {
          wanted[`flag${Math.floor(random() * 5_000)}`] = random() < 0.5;
        }
        for (const change of planParts('g', parts, wanted)) {
          parts = apply(parts, change);
          // A reader in the middle finds every flag that was there and stays there.
          const seen = mergeParts(parts);
          const kept = Object.keys(values).filter((name) => name in wanted);
          expect(kept.filter((name) => !(name in seen))).toEqual([]);
        }
        expect(mergeParts(parts)).toEqual(wanted);
        const sizes = parts.map((part) => Buffer.byteLength(formatPart(part.values)));
        expect(Math.max(...sizes)).toBeLessThanOrEqual(PARAMETER_BYTES);
        expect(planParts('g', parts, wanted)).toEqual([]);
        values = wanted;
      }
    },
  );
});
