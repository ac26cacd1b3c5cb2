/** What the monitoring says of an alarm beyond the event: how far it can be trusted. */

/** A change of state; the same as the port's. */
interface Change {
  /** Milliseconds since 1970. */
  at: number;
  from: string;
  to: string;
}

export interface AlarmEvidence {
  /** The state it has now; left out: nobody looked. */
  reread?: string;
  /** Its changes of state of late, oldest first; left out: nobody looked. */
  changes?: readonly Change[] | 'unreadable';
  /** When the live release went out, in milliseconds since 1970; left out: nobody knows. */
  releasedAt?: number;
}

/** So many changes to alarm within so many milliseconds mean that a signal comes and goes. */
export interface Flapping {
  changes: number;
  withinMs: number;
}

/**
 * Whether the alarm was red already when the live release went out: then the release is not what it
 * is about.
 * @returns why, as a sentence
 */
export function redBefore(
  name: string,
  { changes, releasedAt }: AlarmEvidence,
): string | undefined {
  if (releasedAt === undefined || changes === undefined || changes === 'unreadable') {
    return undefined;
  }
  const before = changes.findLast(({ at }) => at <= releasedAt);
  const after = changes.find(({ at }) => at > releasedAt);
  const state = before?.to ?? after?.from;
  if (state !== 'ALARM') return undefined;
  const at = new Date(releasedAt).toISOString().slice(0, 16).replace('T', ' ');
  return `${name} was red already when the live release went out (${at} UTC).`;
}

/**
 * Whether the signal comes and goes. What cannot be told counts as if it did: making safe goes on,
 * what cannot be undone does not.
 * @returns why, as a sentence
 */
export function flappingOf(
  name: string,
  { changes }: AlarmEvidence,
  { changes: limit, withinMs }: Flapping,
): string | undefined {
  if (changes === undefined) return undefined;
  if (changes === 'unreadable') return `Whether ${name} comes and goes cannot be told.`;
  const red = changes.filter(({ to, from }) => to === 'ALARM' && from !== 'ALARM').length;
  if (red < limit) return undefined;
  return `${name} went off ${red} times in ${withinMs / 60_000} min: it comes and goes.`;
}
