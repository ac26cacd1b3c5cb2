/** Flags in memory: the same rules as in files, for tests and simulations. */

import type { FlagSnapshot, FlagValues, Override } from '../../model/flags.ts';
import type { FlagEditor, FlagStore } from '../../ports/flags.ts';
import { changeBase, decidePublish, requireOverride, staleError } from '../../model/flag-rules.ts';
import { requireName } from '../../model/names.ts';
import { decideEngage, decideLift } from '../../model/override-rules.ts';

export function memoryFlags(): FlagStore & FlagEditor {
  const base = new Map<string, FlagValues>();
  const safe = new Map<string, FlagValues>();
  const overrides = new Map<string, Override>();

  return {
    async read(): Promise<FlagSnapshot> {
      return structuredClone({
        base: Object.fromEntries(base),
        safe: Object.fromEntries(safe),
        overrides: [...overrides.values()],
      });
    },
    async overrides() {
      return structuredClone([...overrides.values()]);
    },
    async engage(override) {
      requireOverride(override);
      const change = decideEngage(overrides.get(override.incident), override);
      if (change.kind === 'stale') throw staleError(override, change.newer);
      if (change.kind === 'write') overrides.set(override.incident, structuredClone(change.next));
      return { changed: change.kind === 'write' };
    },
    async lift(override) {
      requireOverride(override);
      const existing = overrides.get(override.incident);
      const change = decideLift(existing, override);
      if (change.kind === 'stale') throw staleError(override, change.newer);
      if (change.kind === 'write') overrides.set(override.incident, structuredClone(change.next));
      return { changed: existing?.mode !== 'lifted' };
    },
    async setBase(group, name, value) {
      requireName('a flag group', group);
      const changed = changeBase(group, base.get(group), safe.get(group), name, value);
      base.set(group, changed.values);
      return { previous: changed.previous };
    },
    async publish(group, defaults, safeValues) {
      requireName('a flag group', group);
      const stored = {
        base: base.get(group),
        safe: safe.get(group),
        overrides: [...overrides.values()],
      };
      const change = decidePublish(stored, group, defaults, safeValues);
      if (change.safe !== undefined) safe.set(group, { ...change.safe });
      if (change.base !== undefined) base.set(group, { ...change.base });
    },
  };
}
