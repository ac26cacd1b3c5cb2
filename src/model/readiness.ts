/** Which levels have been proven to work here, how long it took, and whether that is too long ago. */
import { LEVELS, type Level } from './level.ts';

/** Something that was really done and proven step by step: every step read back as done. */
export interface Proof {
  level: Level;
  /** When it ended, ISO 8601 UTC. */
  at: string;
  /** From its start until what the budget ends with was proven, in milliseconds. */
  took_ms?: number;
  /** The budget it had, in milliseconds. */
  budget_ms?: number;
  /** A rollback, in an emergency or to practise it; or the flag test, which switches one flag. */
  by: 'rollback' | 'flag-test';
  /** Where it is recorded. */
  incident: string;
}

export interface Readiness {
  level: Level;
  /** `stale`: proven, but longer ago than a proof counts. */
  state: 'proven' | 'stale' | 'never';
  /** The newest proof; undefined when there is none. */
  proof?: Proof;
  /** How long a proof of this level counts, in milliseconds. */
  expires_ms: number;
}

/**
 * One line for each level, the lowest first. A proof in the future (a clock that was wrong) counts
 * as of now.
 * @param now milliseconds since 1970
 * @param expires how long a proof counts, in milliseconds
 */
export function judgeReadiness(
  proofs: readonly Proof[],
  now: number,
  expires: Readonly<Record<Level, number>>,
): Readiness[] {
  return LEVELS.map((level): Readiness => {
    const expiresMs = expires[level];
    const newest = proofs
      .filter((proof) => proof.level === level)
      .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
    if (newest === undefined) return { level, state: 'never', expires_ms: expiresMs };
    const isStale = now - Date.parse(newest.at) > expiresMs;
    return { level, state: isStale ? 'stale' : 'proven', proof: newest, expires_ms: expiresMs };
  });
}
