import { describe, expect, it } from 'vitest';
import {
  covers,
  effectiveFlags,
  type FlagSnapshot,
  type LiftedOverride,
  mergeOverride,
  type Override,
  type SafeOverride,
  type UnreadableOverride,
} from '../../src/model/flags.ts';

const since = '2025-01-12T03:00:00.000Z';
const safe: SafeOverride = {
  mode: 'safe',
  incident: 'incident1',
  since,
  by: 'kim',
  rule: 'critical-errors',
  reason: 'error rate 21 %',
};
const lifted: LiftedOverride = {
  mode: 'lifted',
  incident: 'incident1',
  since,
  by: 'kim',
  reason: 'ok',
};
const unreadable: UnreadableOverride = {
  mode: 'unreadable',
  incident: 'incident2',
  problem: 'torn',
};
const of = (...groups: string[]): SafeOverride => ({ ...safe, groups });

describe('what an override covers', () => {
  it.each<[string, Override, boolean]>([
    ['of everything', safe, true],
    ['of this group', of('mail', 'shop'), true],
    ['of another group', of('mail'), false],
    ['of no group', of(), false],
    ['that was lifted', lifted, false],
    ['that cannot be read: everything', unreadable, true],
  ])('an override %s', (_, override, expected) => {
    expect(covers(override, 'shop')).toBe(expected);
  });
});

const snapshot: FlagSnapshot = {
  base: {
    shop: { sales: true, page_size: 50, banner: 'summer' },
    mail: { digest: true },
    limits: { rate_limiting: false },
  },
  safe: {
    shop: { sales: false, banner: 'none' },
    mail: { digest: false },
    limits: { rate_limiting: true },
  },
  overrides: [],
};

function values(overrides: Override[]): Record<string, unknown> {
  const flags = effectiveFlags({ ...snapshot, overrides });
  return Object.fromEntries(flags.map(({ name, value }) => [name, value]));
}

const BASE = { banner: 'summer', digest: true, page_size: 50, rate_limiting: false, sales: true };
const ALL_SAFE = {
  banner: 'none',
  digest: false,
  page_size: 50,
  rate_limiting: true,
  sales: false,
};

describe('the effective flags', () => {
  it.each<[string, Override[], Record<string, unknown>]>([
    ['no override: the base values', [], BASE],
    ['an override of everything: the safe values, where there is one', [safe], ALL_SAFE],
    ['an override of one group', [of('mail')], { ...BASE, digest: false }],
    [
      'two overrides: their union',
      [of('mail'), of('limits')],
      { ...BASE, digest: false, rate_limiting: true },
    ],
    ['a lifted override: the base values', [lifted], BASE],
    [
      'one lifted, one alive',
      [lifted, { ...of('mail'), incident: 'incident2' }],
      { ...BASE, digest: false },
    ],
    ['one that cannot be read: everything safe', [unreadable], ALL_SAFE],
    ['a group that does not exist', [of('nothing')], BASE],
  ])('given %s', (_, overrides, expected) => {
    expect(values(overrides)).toEqual(expected);
  });

  it('come back exactly as they were when the override is lifted', () => {
    values([safe]);
    expect(values([lifted])).toEqual(values([]));
  });

  it('say where they come from, and who holds them', () => {
    const flags = effectiveFlags({ ...snapshot, overrides: [safe, unreadable] });
    expect(flags.map(({ name }) => name)).toEqual(Object.keys(BASE).toSorted());
    expect(flags.find(({ name }) => name === 'sales')).toEqual({
      name: 'sales',
      group: 'shop',
      value: false,
      base: true,
      safe: false,
      source: 'safe',
      heldBy: ['incident1', 'incident2'],
    });
    expect(flags.find(({ name }) => name === 'page_size')).toMatchObject({
      source: 'base',
      safe: undefined,
      heldBy: [],
    });
  });

  it('are safe where the base value is missing, also without an override', () => {
    const [flag] = effectiveFlags({ base: {}, safe: { shop: { sales: false } }, overrides: [] });
    expect(flag).toMatchObject({ value: false, source: 'safe', heldBy: [] });
  });

  it('keep a safe value that looks like nothing', () => {
    const flags = effectiveFlags({
      base: { a: { zero: 5, empty: 'x', off: true } },
      safe: { a: { zero: 0, empty: '', off: false } },
      overrides: [safe],
    });
    expect(flags.map(({ value }) => value)).toEqual(['', false, 0]);
  });
});

describe('safe state asked for when something is stored already', () => {
  it.each<
    [string, Override | undefined, SafeOverride, string[] | 'everything' | 'nothing to write']
  >([
    ['nothing stored', undefined, of('shop'), ['shop']],
    ['lifted before', lifted, safe, 'everything'],
    ['the same', of('shop'), of('shop'), 'nothing to write'],
    ['part of what is there', of('shop', 'mail'), of('mail'), 'nothing to write'],
    ['another group', of('shop'), of('mail'), ['shop', 'mail']],
    ['everything, over a part', of('shop'), safe, 'everything'],
    ['a part, under everything', safe, of('shop'), 'nothing to write'],
    ['a part, where it cannot be read', unreadable, of('shop'), 'everything'],
  ])('%s', (_, existing, wanted, expected) => {
    const merged = mergeOverride(existing, wanted);
    const written = merged === undefined ? 'nothing to write' : (merged.groups ?? 'everything');
    expect(written).toEqual(expected);
  });

  it('is never narrower afterwards than before', () => {
    const choices: (Override | undefined)[] = [undefined, safe, of('a'), of('b', 'c'), unreadable];
    for (const existing of choices) {
      for (const wanted of [safe, of('a'), of('c')]) {
        const after = mergeOverride(existing, wanted) ?? existing;
        for (const group of ['a', 'b', 'c', 'd']) {
          const before = existing !== undefined && covers(existing, group);
          const needed = before || covers(wanted, group);
          expect(after !== undefined && covers(after, group)).toBe(needed);
        }
      }
    }
  });
});
