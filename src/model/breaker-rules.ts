/** What every store of breakers refuses, and what a trip leaves alone. */

import { type BreakerState, type Epoch, formatEpoch } from './breaker.ts';
import { BackoutError } from './error.ts';
import { requireOverride } from './flag-rules.ts';
import type { LiftedOverride, Override, SafeOverride } from './flags.ts';
import { isLater } from './override-rules.ts';

/**
 * Whether a trip opens a breaker that is in this state. Not when a person holds it (isolated), when
 * the same incident opened it before, or when what is stored is later than the trip: alarms are
 * delivered late and executions go on hours later, and neither may undo what was decided since.
 * At the same instant the trip wins: open is the safe side.
 */
export function tripOpens(
  stored: BreakerState | undefined,
  trip: { incident: string; at: string },
): boolean {
  if (stored === undefined) return true;
  if (stored.state === 'isolated') return false;
  if (stored.state === 'open' && stored.incident === trip.incident) return false;
  return !isLater(stored.since, trip.at);
}

/** @throws BackoutError E_OVERRIDE, E_NAME */
export function requireReadable(override: Override): SafeOverride | LiftedOverride {
  if (override.mode !== 'unreadable') {
    requireOverride(override);
    return override;
  }
  throw new BackoutError({
    code: 'E_OVERRIDE',
    kind: 'usage',
    message: `The override of incident ${override.incident} cannot be mirrored, because it cannot be read: ${override.problem}`,
    state: 'Where it is stored, it counts as everything safe.',
    remedy: 'Repair it, or ask for safe state again; then it is mirrored.',
  });
}

/** @throws BackoutError E_OVERRIDE: the script files the override under the incident of the trip */
export function requireMirrored(override: SafeOverride, incident: string): void {
  requireOverride(override);
  if (override.incident === incident) return;
  throw new BackoutError({
    code: 'E_OVERRIDE',
    kind: 'usage',
    message: `The trip is for incident ${incident}, its override for ${override.incident}.`,
    remedy: 'Trip the breakers with the override of the same incident.',
  });
}

/** The error of a lost compare-and-set: kind refused. */
export function changedError(provider: string, expected: Epoch, found: Epoch): BackoutError {
  return new BackoutError({
    code: 'E_BREAKER_CHANGED',
    kind: 'refused',
    message: `Something changed between reading the breakers (${formatEpoch(expected)}) and setting ${provider} (${formatEpoch(found)}).`,
    remedy: 'Look at the breakers again and decide again: `backout breakers status`.',
  });
}
