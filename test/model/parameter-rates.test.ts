import { describe, expect, it } from 'vitest';
import {
  callsToRead,
  lookEverySeconds,
  type ReadingLoad,
  readsPerSecond,
  secondsToPut,
} from '../../src/model/parameter-rates.ts';

describe('Writing', () => {
  it.each([
    [1, 'standard', 1 / 3],
    [90, 'standard', 30],
    [200, 'standard', 200 / 3],
    [200, 'high', 20],
    [300, 'high', 30],
  ] as const)('%i parameters at %s throughput', (puts, throughput, seconds) => {
    expect(secondsToPut(puts, throughput)).toBeCloseTo(seconds);
  });
});

describe('Reading', () => {
  const load: ReadingLoad = {
    readers: 1,
    overrides: 3,
    values: 200,
    lookEvery: 2,
    valuesEvery: 60,
  };

  it.each([
    [0, 1],
    [1, 1],
    [10, 1],
    [11, 2],
    [204, 21],
  ])('%i parameters takes %i calls', (parameters, calls) => {
    expect(callsToRead(parameters)).toBe(calls);
  });

  it('takes a call per look and a page per ten values', () => {
    expect(readsPerSecond(load)).toBeCloseTo(1 / 2 + 20 / 60);
    expect(readsPerSecond({ ...load, readers: 48 })).toBeCloseTo(40);
  });

  it.each([
    [1, 2],
    [48, 2],
    [96, 4],
    [480, 20],
  ])('by %i hosts leaves a look every %i s', (readers, seconds) => {
    expect(lookEverySeconds({ ...load, readers }, 40)).toBeCloseTo(seconds);
  });
});
