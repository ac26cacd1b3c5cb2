/**
 * What may follow what under one incident. Pure, and the same for the file store, the memory store,
 * the mirror in Redis and the application's client: they must never disagree about what is safe.
 */

import { type LiftedOverride, mergeOverride, type Override, type SafeOverride } from './flags.ts';

/**
 * `stale` = something newer is stored. It is not "done already": whoever asks for safe state and
 * took it for that would report safe flags that are not safe.
 */
export type OverrideChange =
  | { kind: 'write'; next: SafeOverride | LiftedOverride }
  | { kind: 'none' }
  | { kind: 'stale'; newer: SafeOverride | LiftedOverride };

/** Whether `a` is later than `b`; both ISO 8601 UTC. Equal is not later. */
export function isLater(a: string, b: string): boolean {
  return Date.parse(a) > Date.parse(b);
}

/**
 * Asking for safe state. A tombstone wins against anything that is not later, because alarms are
 * delivered more than once: the second copy must not undo what a person decided in between.
 */
export function decideEngage(existing: Override | undefined, wanted: SafeOverride): OverrideChange {
  if (existing?.mode === 'lifted' && !isLater(wanted.since, existing.since)) {
    return { kind: 'stale', newer: existing };
  }
  const wider = mergeOverride(existing, wanted);
  if (existing?.mode !== 'safe') return { kind: 'write', next: wider ?? wanted };
  // The later time stays, in whichever order they arrive, and also when there is nothing to add:
  //
  //     03:00:00.0  safe state is put
  //     04:00:00.0  a person decides to lift it
  //     04:00:00.3  an emergency asks for the same safe state, and is told that it has it
  //     04:00:00.8  the lift arrives: compared with 03:00 it would end what the emergency relies on
  const later = isLater(wanted.since, existing.since);
  if (wider === undefined && !later) return { kind: 'none' };
  const since = later ? wanted.since : existing.since;
  return { kind: 'write', next: { ...(wider ?? existing), since } };
}

/**
 * Lifting. Without an override the tombstone is written all the same: it ends one that so far is
 * only in the mirror. A later tombstone replaces an earlier one, so that it also ends what came
 * between the two.
 */
export function decideLift(existing: Override | undefined, wanted: LiftedOverride): OverrideChange {
  if (existing?.mode === 'safe' && isLater(existing.since, wanted.since)) {
    return { kind: 'stale', newer: existing };
  }
  if (existing?.mode === 'lifted' && !isLater(wanted.since, existing.since)) {
    return { kind: 'none' };
  }
  return { kind: 'write', next: wanted };
}

/**
 * One override out of several copies of the same incident's (last known, file, mirror): unreadable
 * beats all, then whatever is in force and later than every tombstone, all of it together.
 * Undefined only when there is no copy.
 */
export function uniteOverrides(copies: readonly Override[]): Override | undefined {
  const unreadable = copies.find((copy) => copy.mode === 'unreadable');
  if (unreadable !== undefined) return unreadable;
  let lifted: LiftedOverride | undefined;
  for (const copy of copies) {
    if (copy.mode !== 'lifted') continue;
    if (lifted === undefined || isLater(copy.since, lifted.since)) lifted = copy;
  }
  let united: SafeOverride | undefined;
  for (const copy of copies) {
    if (copy.mode !== 'safe') continue;
    if (lifted !== undefined && !isLater(copy.since, lifted.since)) continue;
    const wider: SafeOverride = mergeOverride(united, copy) ?? united ?? copy;
    // The latest time of all, also when its copy adds no group: else a tombstone that another copy
    // brings later, and that is older than what is in force, would end it.
    const since =
      united !== undefined && isLater(united.since, copy.since) ? united.since : copy.since;
    united = { ...wider, since };
  }
  return united ?? lifted;
}
