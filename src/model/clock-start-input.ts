import type { ClockStart } from './clock-start.ts';
import { isInstant } from './flag-documents.ts';
import { isIncidentName } from './names.ts';
import type { Scope } from './scope.ts';

/**
 * Reads what the clock of an incident is started with. Nothing but that starts one: it comes from
 * another function, and what is not exactly as that one writes it is somebody else's.
 * @returns the problem, as a sentence, where it cannot be one
 */
export function readClockStart(
  given: unknown,
  scope: Scope,
): { start: ClockStart } | { problem: string } {
  if (typeof given !== 'object' || given === null) return { problem: 'It is no object.' };
  const all: Record<string, unknown> = { ...given };
  const { incident, service, environment, decision, rule, reason, actor, at, level } = all;
  if (service !== scope.service || environment !== scope.environment) {
    return { problem: 'It is about another service or environment.' };
  }
  if (typeof incident !== 'string' || !isIncidentName(incident)) {
    return { problem: 'It names no incident.' };
  }
  if (decision !== 'act' && decision !== 'investigate') {
    return { problem: 'Its decision is neither act nor investigate.' };
  }
  if (level !== 'flags' && level !== 'application') {
    return { problem: 'Its level is neither flags nor application.' };
  }
  if (typeof rule !== 'string' || typeof reason !== 'string' || typeof actor !== 'string') {
    return { problem: 'It does not say who asks, by which rule and why.' };
  }
  if (!isInstant(at)) return { problem: 'Its time is not UTC.' };
  const { held_at_flags: held } = all;
  if (held !== undefined && typeof held !== 'string') return { problem: 'It is held by nothing.' };
  const alarm = readAlarm(all['alarm']);
  if (alarm === 'no-alarm') return { problem: 'Its alarm is none.' };
  return {
    start: {
      incident,
      ...scope,
      decision,
      rule,
      reason,
      actor,
      at,
      level,
      ...(held === undefined ? {} : { held_at_flags: held }),
      ...(alarm === undefined ? {} : { alarm }),
    },
  };
}

function readAlarm(given: unknown): ClockStart['alarm'] | 'no-alarm' {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) return 'no-alarm';
  const { name, arn, stamp, contributor }: Record<string, unknown> = { ...given };
  if (typeof name !== 'string' || typeof arn !== 'string' || typeof stamp !== 'string') {
    return 'no-alarm';
  }
  if (contributor !== undefined && typeof contributor !== 'string') return 'no-alarm';
  return { name, arn, stamp, ...(contributor === undefined ? {} : { contributor }) };
}
