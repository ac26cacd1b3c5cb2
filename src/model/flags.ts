import { hashJson } from './json.ts';

/** 64 bits: two states of one group that matter never share one. */
const DIGEST_DIGITS = 16;

/** A flag is on or off, or selects a number or a variant. */
export type FlagValue = boolean | number | string;

/** Values of one group by flag name. */
export type FlagValues = Record<string, FlagValue>;

/** Puts the safe values of the covered groups on top of the base values. */
export interface SafeOverride {
  mode: 'safe';
  incident: string;
  /** Groups covered; left out = every group. */
  groups?: string[];
  /** When it was last asked for, ISO 8601 UTC: what was decided to lift before that is too old. */
  since: string;
  by: string;
  /** The rule that asked for it; `manual` when a person did. */
  rule: string;
  reason: string;
}

/** The tombstone that ends an override. It stays: deleting is another role's, later. */
export interface LiftedOverride {
  mode: 'lifted';
  incident: string;
  since: string;
  /** The named person who lifted it. A machine never does. */
  by: string;
  reason: string;
}

/** An override that exists but cannot be understood. It counts as "everything safe". */
export interface UnreadableOverride {
  mode: 'unreadable';
  incident: string;
  problem: string;
}

export type Override = SafeOverride | LiftedOverride | UnreadableOverride;

/** All that decides what the flags are, as read from the durable store in one go. */
export interface FlagSnapshot {
  /** Base values by group: what feature work edits. */
  base: Record<string, FlagValues>;
  /** Safe values by group, published from the reviewed `backout.yml`. */
  safe: Record<string, FlagValues>;
  overrides: Override[];
}

export interface EffectiveFlag {
  name: string;
  group: string;
  /** What the application must use. */
  value: FlagValue;
  base: FlagValue | undefined;
  safe: FlagValue | undefined;
  source: 'base' | 'safe';
  /** Incidents whose override holds the flag at its safe value. */
  heldBy: string[];
}

/** Whether an override is in force on a group. Unreadable covers everything: when in doubt, safe. */
export function covers(override: Override, group: string): boolean {
  switch (override.mode) {
    case 'lifted':
      return false;
    case 'unreadable':
      return true;
    case 'safe':
      return override.groups === undefined || override.groups.includes(group);
    default:
      return override satisfies never;
  }
}

/**
 * Effective value = the safe value if a live override covers the flag's group and the flag has one,
 * else the base value. A flag without a safe value is never touched. Sorted by flag name.
 */
export function effectiveFlags(snapshot: FlagSnapshot): EffectiveFlag[] {
  const groups = new Set([...Object.keys(snapshot.base), ...Object.keys(snapshot.safe)]);
  const flags: EffectiveFlag[] = [];
  for (const group of groups) {
    const base = own(snapshot.base, group) ?? {};
    const safe = own(snapshot.safe, group) ?? {};
    const holding = snapshot.overrides.filter((override) => covers(override, group));
    for (const name of new Set([...Object.keys(base), ...Object.keys(safe)])) {
      const safeValue = own(safe, name);
      const baseValue = own(base, name);
      const held = safeValue !== undefined && holding.length > 0;
      const value = held ? safeValue : (baseValue ?? safeValue);
      if (value === undefined) continue;
      flags.push({
        name,
        group,
        value,
        base: baseValue,
        safe: safeValue,
        source: held || baseValue === undefined ? 'safe' : 'base',
        heldBy: held ? holding.map((override) => override.incident) : [],
      });
    }
  }
  return flags.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * A short name for the values of each group, so that an instance can say which ones its requests
 * use without repeating them: 16 hexadecimal digits, docs/contract.md says of what.
 */
export function digestGroups(
  flags: readonly Pick<EffectiveFlag, 'name' | 'group' | 'value'>[],
): Record<string, string> {
  const byGroup = Map.groupBy(flags, ({ group }) => group);
  return Object.fromEntries(
    [...byGroup].map(([group, members]) => {
      const values = Object.fromEntries(members.map(({ name, value }) => [name, value]));
      return [group, hashJson(values).slice(0, DIGEST_DIGITS)];
    }),
  );
}

/** A plain look-up would find what every object has: a flag may be called `constructor`. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * What to store when safe state is asked for while `existing` is stored under the same incident.
 * Never narrower than what is there: two alarms of one incident add up. Undefined = all of it is
 * covered. When it was asked for is compared elsewhere (override-rules.ts, decideEngage).
 */
export function mergeOverride(
  existing: Override | undefined,
  wanted: SafeOverride,
): SafeOverride | undefined {
  if (existing === undefined || existing.mode === 'lifted') return wanted;
  if (existing.mode === 'unreadable') {
    const { groups: _everything, ...whole } = wanted;
    return whole;
  }
  if (existing.groups === undefined) return undefined;
  if (wanted.groups === undefined) return wanted;
  const missing = wanted.groups.filter((group) => !existing.groups?.includes(group));
  return missing.length === 0 ? undefined : { ...wanted, groups: [...existing.groups, ...missing] };
}
