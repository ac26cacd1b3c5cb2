import { expect, test } from 'vitest';
import type { Cache } from '../../src/ports/caches.ts';

export interface CacheUnderTest extends AsyncDisposable {
  cache: Cache;
  /** Puts keys into the cache. */
  fill(count: number): Promise<void>;
  /** How many keys are in it. */
  size(): Promise<number>;
}

export const quiet = (): { signal: AbortSignal; note: (text: string) => void } => ({
  signal: new AbortController().signal,
  note: () => undefined,
});

/** What every cache does. */
export function cacheContract(open: () => Promise<CacheUnderTest>): void {
  test('after an emptying nothing from before is there, and that can be read back', async () => {
    await using given = await open();
    await given.fill(2_500);
    expect(await given.size()).toBe(2_500);
    expect(await given.cache.flush('run-1', quiet())).toEqual({ removed: 2_500 });
    expect(await given.size()).toBe(0);
    expect(await given.cache.isFlushed('run-1')).toBe(true);
  });

  test('an empty one can be emptied, and one that was emptied again', async () => {
    await using given = await open();
    expect(await given.cache.flush('run-1', quiet())).toEqual({ removed: 0 });
    await given.fill(3);
    expect(await given.cache.flush('run-1', quiet())).toEqual({ removed: 3 });
    expect(await given.cache.isFlushed('run-1')).toBe(true);
  });

  test('it says what belongs to it', async () => {
    await using given = await open();
    expect(given.cache.covers).toMatch(/keys|database|server/);
  });
}
