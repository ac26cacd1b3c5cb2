/** The refusals of every lease store, so that people read the same words whichever store it is. */

import { BackoutError } from './error.ts';
import type { Lease } from './lease.ts';

/** @param held leases of others that stand in the way; at least one */
export function leaseHeld(held: readonly Lease[]): BackoutError {
  const incidents = [...new Set(held.map((lease) => lease.incident))];
  const last = held
    .map((lease) => lease.expiresAt)
    .toSorted()
    .at(-1);
  return new BackoutError({
    code: 'E_LEASE_HELD',
    kind: 'refused',
    message: `Somebody else is changing this right now: ${held.map(describeHeld).join('; ')}.`,
    state: 'Nothing was changed by this command; the other one goes on.',
    remedy:
      `Look at what it does: ${incidents.map((id) => `\`backout incident show ${id}\``).join(', ')}. ` +
      `Or wait: if it is dead, its right ends by itself at ${utc(last ?? '')}, and this command can run again.`,
    retryable: true,
  });
}

/** What became of a lease that its holder believed in. */
export interface LostLease {
  ours: Lease;
  /** Who has it now; undefined when nobody does: it ran out, or it was given back. */
  now: Lease | undefined;
}

/** @param lost at least one */
export function leaseLost(lost: readonly LostLease[]): BackoutError {
  const incident = lost.map(({ now, ours }) => (now ?? ours).incident)[0] ?? '';
  return new BackoutError({
    code: 'E_LEASE_LOST',
    kind: 'refused',
    message: `The right to change this was lost: ${lost.map(describeLost).join('; ')}.`,
    state: 'The change that was due next was not made. What was done before it stays.',
    remedy: `Look at what happens now: \`backout incident show ${incident}\`. When nobody else works on it, go on with \`backout incident resume ${lost[0]?.ours.incident ?? incident}\`.`,
  });
}

function describeHeld(lease: Lease): string {
  return `${lease.resource} is held by ${lease.holder} for incident ${lease.incident} until ${utc(lease.expiresAt)}`;
}

function describeLost({ ours, now }: LostLease): string {
  return now === undefined
    ? `${ours.resource} is nobody's any more (ours ran out, or was given back)`
    : `${ours.resource} now belongs to ${now.holder} for incident ${now.incident} until ${utc(now.expiresAt)}`;
}

/** `2026-11-23 14:12:03 UTC` */
function utc(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')} UTC`;
}
