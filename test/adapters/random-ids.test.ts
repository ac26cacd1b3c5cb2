import { describe, expect, it } from 'vitest';
import { randomIds } from '../../src/adapters/random-ids.ts';

describe('random ids', () => {
  it('are eight small letters and digits, the first a letter, and do not repeat', () => {
    const ids = Array.from({ length: 5_000 }, () => randomIds.next());
    expect(ids.filter((id) => !/^[a-z][a-z0-9]{7}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('use every letter and digit', () => {
    const seen = new Set(Array.from({ length: 2_000 }, () => randomIds.next()).join(''));
    expect(seen.size).toBe(36);
  });

  it('come with numbers from 0 up to but without 1, spread evenly', () => {
    const numbers = Array.from({ length: 5_000 }, () => randomIds.random());
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });
});
