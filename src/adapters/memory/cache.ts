import type { Cache } from '../../ports/caches.ts';

export interface MemoryCache extends Cache {
  readonly keys: Set<string>;
  /** How often it was really emptied: the outside witness. */
  readonly effects: string[];
}

/** A cache that exists in this process only. */
export function memoryCache(name = 'memory'): MemoryCache {
  const keys = new Set<string>();
  const effects: string[] = [];
  return {
    name,
    keys,
    effects,
    covers: 'keys in memory',
    flush(run) {
      const removed = keys.size;
      keys.clear();
      effects.push(run);
      return Promise.resolve({ removed });
    },
    isFlushed: (run) => Promise.resolve(effects.includes(run)),
  };
}
