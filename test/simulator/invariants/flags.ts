import {
  effectiveFlags,
  type LiftedOverride,
  type SafeOverride,
} from '../../../src/model/flags.ts';
import type { View, World, Write } from '../world.ts';
import type { Complain, Watch } from './invariant.ts';

/**
 * I1: what an emergency turned off, only a named person turns on, and later than it was asked for.
 * I13: an older override, tombstone or trip never replaces a newer one.
 * I18: however often an alarm comes, a flag goes off once.
 */
export function flagsStayOff(_world: World, complain: Complain): Watch {
  /** By incident, the latest time that safe state was asked for and granted. */
  const granted = new Map<string, string>();
  const turnedOff = new Map<string, number>();
  let lifts = 0;

  function checkHeld(write: Write, before: View, after: View): void {
    const now = new Map(effectiveFlags(after.flags).map((flag) => [flag.name, flag]));
    for (const flag of effectiveFlags(before.flags)) {
      const held = now.get(flag.name)?.heldBy ?? [];
      if (flag.heldBy.length === 0 && held.length > 0) {
        const times = (turnedOff.get(flag.name) ?? 0) + 1;
        turnedOff.set(flag.name, times);
        if (times > 1 + lifts) complain('I18', `${flag.name} went off ${times} times.`);
      }
      if (flag.heldBy.length === 0 || held.length > 0) continue;
      const by = `${write.store}.${write.op} of ${write.process?.name ?? 'nobody'}`;
      if (!isPersonsLift(write)) complain('I1', `${flag.name} came on by ${by}.`);
    }
  }

  function checkOverrides(write: Write, before: View, after: View): void {
    for (const next of after.flags.overrides) {
      if (next.mode === 'unreadable') continue;
      const last = before.flags.overrides.find(({ incident }) => incident === next.incident);
      if (last === undefined || last.mode === 'unreadable') continue;
      const changed = `${last.mode} since ${last.since} became ${next.mode} since ${next.since}`;
      if (next.mode === 'safe' && last.mode === 'lifted' && !(next.since > last.since)) {
        complain('I13', `Incident ${next.incident}: ${changed}.`);
      }
      if (next.mode === 'safe' && last.mode === 'safe') {
        const lost = groupsOf(last).filter((group) => !groupsOf(next).includes(group));
        if (lost.length > 0) complain('I1', `${lost.join(', ')} lost its override to a newer one.`);
        if (next.since < last.since) complain('I13', `Incident ${next.incident}: ${changed}.`);
      }
      if (next.mode === 'lifted') checkLift(write, next);
    }
  }

  function checkLift(write: Write, lifted: LiftedOverride): void {
    if (write.op !== 'lift') return;
    const asked = granted.get(lifted.incident) ?? '';
    if (lifted.since < asked) {
      complain('I1', `Lifted as of ${lifted.since}, but safe state was asked for at ${asked}.`);
    }
  }

  return {
    landed(write, before, after) {
      if (write.store === 'breakers') return checkTrip(write, before, after, complain);
      if (write.store !== 'flags') return;
      if (write.op === 'lift') lifts += 1;
      checkHeld(write, before, after);
      checkOverrides(write, before, after);
      if (write.op !== 'engage') return;
      const override = write.args[0] as SafeOverride;
      const earlier = granted.get(override.incident) ?? '';
      if (override.since > earlier) granted.set(override.incident, override.since);
    },
  };
}

/** By what runs, not by what it says of itself: only the lift that a person starts may. */
function isPersonsLift({ process, op, args }: Write): boolean {
  const { by } = (args[0] ?? {}) as Partial<LiftedOverride>;
  return op === 'lift' && process?.task.kind === 'lift' && by === 'Kim Larsen';
}

function groupsOf({ groups }: SafeOverride): string[] {
  return groups ?? ['shop', 'mail'];
}

function checkTrip(write: Write, before: View, after: View, complain: Complain): void {
  if (write.op !== 'trip') return;
  for (const [provider, next] of Object.entries(after.breakers.states)) {
    const last = before.breakers.states[provider];
    if (last === undefined || JSON.stringify(last) === JSON.stringify(next)) continue;
    if (last.since > next.since) complain('I13', `An older trip opened ${provider} again.`);
    if (last.state === 'isolated')
      complain('I13', `A trip ended what a person holds: ${provider}.`);
  }
}
