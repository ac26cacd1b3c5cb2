/** The rules of flag stores that are not about overrides alone; pure, shared by file and memory. */

import { BackoutError } from './error.ts';
import type { FlagValue, FlagValues, LiftedOverride, Override, SafeOverride } from './flags.ts';
import { canonicalJson } from './json.ts';
import { isFlagName, isFlagValue, isInstant } from './flag-documents.ts';
import { requireIncidentName } from './names.ts';

/** @throws BackoutError E_NAME, E_OVERRIDE: it would be stored in a form that nobody can read */
export function requireOverride(override: SafeOverride | LiftedOverride): void {
  requireIncidentName(override.incident);
  const problem = !isInstant(override.since)
    ? `its time ${JSON.stringify(override.since)} is not UTC like 2026-01-31T03:00:00.000Z`
    : override.by.trim() === ''
      ? 'it does not say who it is by'
      : override.mode === 'safe' && override.rule.trim() === ''
        ? 'it does not name a rule'
        : undefined;
  if (problem === undefined) return;
  throw new BackoutError({
    code: 'E_OVERRIDE',
    kind: 'usage',
    message: `The override of incident ${override.incident} cannot be stored: ${problem}.`,
    remedy: 'Correct what the message names and do the same again.',
  });
}

/** The error for {@link OverrideChange} `stale`: kind refused, not retryable. */
export function staleError(
  wanted: SafeOverride | LiftedOverride,
  newer: SafeOverride | LiftedOverride,
): BackoutError {
  const { incident } = wanted;
  if (wanted.mode === 'safe') {
    return new BackoutError({
      code: 'E_STALE',
      kind: 'refused',
      message: `The request for safe state of ${wanted.since} is not later than the lift of ${newer.since} by ${newer.by} (incident ${incident}).`,
      state: `Incident ${incident} does not hold any flag. Nothing was changed.`,
      remedy:
        'If this is an old alarm that came twice, there is nothing to do. If the service is broken now, ask for safe state under a new incident.',
    });
  }
  return new BackoutError({
    code: 'E_STALE',
    kind: 'refused',
    message: `The lift of ${wanted.since} is older than the safe state of ${newer.since}, asked for by ${newer.by} (incident ${incident}).`,
    state: 'The flags are still held at their safe values. Nothing was changed.',
    remedy: `Look at what asked for safe state after the lift was decided, then lift again: \`backout flags lift --incident ${incident} --by NAME\`.`,
  });
}

/**
 * The base values with one of them changed.
 * @throws BackoutError E_FLAG when the flag is not defined, or is of another type: a text "off" in
 * the place of a truth value would read as on
 */
export function changeBase(
  group: string,
  base: FlagValues | undefined,
  safe: FlagValues | undefined,
  name: string,
  value: FlagValue,
): { values: FlagValues; previous: FlagValue } {
  requireValues(group, { [name]: value });
  const previous = base?.[name] ?? safe?.[name];
  const known = base !== undefined || safe !== undefined;
  const problem = !known
    ? `There is no flag group ${JSON.stringify(group)}.`
    : previous === undefined
      ? `There is no flag ${JSON.stringify(name)} in group ${group}.`
      : typeof previous !== typeof value
        ? `Flag ${name} is a ${typeof previous}; ${JSON.stringify(value)} is a ${typeof value}.`
        : undefined;
  if (problem !== undefined || previous === undefined) {
    throw new BackoutError({
      code: 'E_FLAG',
      kind: 'usage',
      message: problem ?? `There is no flag ${name}.`,
      remedy:
        'See `backout flags list`. New flags come from the published configuration, not from here.',
    });
  }
  return { values: { ...base, [name]: value }, previous };
}

/**
 * What publishing one group writes; left out = unchanged.
 * @throws BackoutError E_SAFE_FROZEN when an override is in force and a stored safe value would change;
 * E_FLAG when a value cannot be stored
 */
export function decidePublish(
  stored: { base: FlagValues | undefined; safe: FlagValues | undefined; overrides: Override[] },
  group: string,
  defaults: FlagValues,
  safe: FlagValues,
): { base?: FlagValues; safe?: FlagValues } {
  requireValues(group, defaults);
  requireValues(group, safe);
  const newSafe = canonicalJson(stored.safe ?? {}) !== canonicalJson(safe);
  const living = stored.overrides.filter(({ mode }) => mode !== 'lifted');
  // What is held may not move under the incident; what had no safe value yet may get one.
  const moved = Object.entries(stored.safe ?? {}).some(([name, value]) => safe[name] !== value);
  if (moved && living.length > 0) throw frozenError(group, living);
  // Defaults first: a value that somebody has set is never changed by publishing.
  const base = { ...defaults, ...stored.base };
  const newBase = stored.base === undefined || canonicalJson(stored.base) !== canonicalJson(base);
  return {
    ...(newSafe || stored.safe === undefined ? { safe } : {}),
    ...(newBase ? { base } : {}),
  };
}

export function frozenError(group: string, living: readonly Override[]): BackoutError {
  const incidents = [...new Set(living.map(({ incident }) => incident))].join(', ');
  return new BackoutError({
    code: 'E_SAFE_FROZEN',
    kind: 'refused',
    message: `The safe values of group ${group} would change while incident ${incidents} holds flags at them.`,
    state: 'The published values are as they were, and the flags stay safe.',
    remedy: `Publish again when the safe state has been lifted (\`backout incident show ${living[0]?.incident ?? ''}\`).`,
  });
}

function requireValues(group: string, values: FlagValues): void {
  for (const [name, value] of Object.entries(values)) {
    if (isFlagName(name) && isFlagValue(value)) continue;
    throw new BackoutError({
      code: 'E_FLAG',
      kind: 'usage',
      message: `Flag ${JSON.stringify(name)} of group ${group} cannot be ${String(value)}.`,
      remedy: 'A flag has a name and is true, false, a finite number or a text.',
    });
  }
}
