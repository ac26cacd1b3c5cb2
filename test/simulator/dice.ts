/** Randomness with a name: the same name always rolls the same numbers, whatever else is rolled. */
export interface Dice {
  /** 0 ≤ x < 1. */
  next: () => number;
  /** True once in 1 / `share`. */
  chance(share: number): boolean;
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
}

/** One number 0 ≤ x < 1 for a name: for a decision that must not move when others are added. */
export function roll(name: string): number {
  return step(hash(name)).value;
}

export function dice(name: string): Dice {
  let state = hash(name);
  const next = (): number => {
    const rolled = step(state);
    state = rolled.state;
    return rolled.value;
  };
  return {
    next,
    chance: (share) => next() < share,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
  };
}

/** FNV-1a, mixed once more because names that differ in the last digit must differ everywhere. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    value = Math.imul(value ^ name.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

/** Mulberry32: 32 bits of state are plenty for some thousand numbers. */
function step(before: number): { state: number; value: number } {
  const state = (before + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return { state, value: ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 };
}
