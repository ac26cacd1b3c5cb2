/**
 * Flags in AWS Systems Manager Parameter Store. Layout and rules: docs/contract.md.
 *
 *     <flags>/<group>, <flags>/<group>/2, …         base values, in parts (model/flag-parts.ts)
 *     <safe>/<group>, <safe>/<group>/2, …           safe values
 *     <overrides>/<incident>, <incident>.2, …       a log (model/parameter-log.ts)
 *     <overrides>/<incident>.3.lifted               its tombstones
 *
 * Making safe needs one write and reads neither base nor safe values.
 */

import { BackoutError } from '../../model/error.ts';
import { parseFlagValues } from '../../model/flag-documents.ts';
import { type FlagPart, mergeParts, parsePartName } from '../../model/flag-parts.ts';
import { changeBase, decidePublish, frozenError, requireOverride } from '../../model/flag-rules.ts';
import type { FlagValues, Override } from '../../model/flags.ts';
import { requireName } from '../../model/names.ts';
import { newestOverrides } from '../../model/parameter-log.ts';
import { decideEngage, decideLift } from '../../model/override-rules.ts';
import type { FlagEditor, FlagStore } from '../../ports/flags.ts';
import { reachFlags } from './ssm-flag-errors.ts';
import type { SingleFlag } from '../../model/single-flags.ts';
import { readSingles, setSingle } from './ssm-single-values.ts';
import { documentsBelow, relativeName } from './ssm-names.ts';
import { writeOverride } from './ssm-override-log.ts';
import { writeGroup } from './ssm-parts.ts';
import type { ParameterCalls } from './ssm-parameters.ts';

/** Paths in the parameter store, without a slash at their end. */
export interface FlagPaths {
  flags: string;
  safe: string;
  overrides: string;
}

export interface SsmFlagOptions {
  calls: ParameterCalls;
  paths: FlagPaths;
  /** Flags whose base values have a parameter each; their safe values are kept like all others. */
  singles?: readonly SingleFlag[];
}

/**
 * Give an emergency only the {@link FlagStore} part: it can neither lift nor edit.
 * What every call throws beside what its port says: BackoutError E_SSM_VERSIONS (failed), E_SSM_SIZE
 * (usage), where a parameter cannot be written whoever asks.
 */
export function ssmFlags({ calls, paths, singles = [] }: SsmFlagOptions): FlagStore & FlagEditor {
  async function readOverrides(): Promise<Override[]> {
    const stored = await calls.list(paths.overrides);
    const newest = newestOverrides(documentsBelow(paths.overrides, stored));
    return [...newest.values()].map(({ override }) => override);
  }

  /** Parts by group. */
  async function readParts(path: string): Promise<Map<string, FlagPart[]>> {
    const groups = new Map<string, FlagPart[]>();
    for (const { name, value } of await calls.list(path)) {
      const part = parsePartName(relativeName(path, name));
      if (part === undefined) continue;
      const parts = groups.get(part.group) ?? [];
      parts.push({ number: part.number, values: requireValues(name, value) });
      groups.set(part.group, parts);
    }
    return groups;
  }

  async function readGroup(path: string, group: string): Promise<FlagPart[] | undefined> {
    const [first, further] = await Promise.all([
      calls.get([`${path}/${group}`]),
      calls.list(`${path}/${group}`),
    ]);
    const stored = [...first.values(), ...further].flatMap(({ name, value }) => {
      const part = parsePartName(relativeName(path, name));
      return part === undefined
        ? []
        : [{ number: part.number, values: requireValues(name, value) }];
    });
    return stored.length === 0 ? undefined : stored;
  }

  return {
    async read() {
      return await reachFlags('nothing', async () => {
        const [base, single, safe, overrides] = await Promise.all([
          readParts(paths.flags),
          readSingles(calls, singles),
          readParts(paths.safe),
          readOverrides(),
        ]);
        return { base: { ...mergeGroups(base), ...single }, safe: mergeGroups(safe), overrides };
      });
    },
    async overrides() {
      return await reachFlags('nothing', readOverrides);
    },
    async engage(override) {
      requireOverride(override);
      return await reachFlags('unknown', async () => {
        const { written } = await writeOverride({
          calls,
          path: paths.overrides,
          wanted: override,
          decide: (existing) => decideEngage(existing, override),
          blindly: true,
        });
        return { changed: written };
      });
    },
    async lift(override) {
      requireOverride(override);
      return await reachFlags('unknown', async () => {
        const { existing } = await writeOverride({
          calls,
          path: paths.overrides,
          wanted: override,
          decide: (stored) => decideLift(stored, override),
          blindly: false,
        });
        return { changed: existing?.mode !== 'lifted' };
      });
    },
    async setBase(group, name, value) {
      requireName('a flag group', group);
      return await reachFlags('unknown', async () => {
        const inGroup = singles.filter((flag) => flag.group === group);
        if (inGroup.length > 0) return await setSingle(calls, inGroup, name, value);
        const [base, safe] = await Promise.all([
          readGroup(paths.flags, group),
          readGroup(paths.safe, group),
        ]);
        const { values, previous } = changeBase(group, merged(base), merged(safe), name, value);
        await writeGroup(calls, paths.flags, group, base ?? [], values);
        return { previous };
      });
    },
    async publish(group, defaults, safe) {
      requireName('a flag group', group);
      await reachFlags('unknown', async () => {
        const [base, before, overrides] = await Promise.all([
          readGroup(paths.flags, group),
          readGroup(paths.safe, group),
          readOverrides(),
        ]);
        const stored = { base: merged(base), safe: merged(before), overrides };
        const change = decidePublish(stored, group, defaults, safe);
        if (change.safe !== undefined) {
          await writeGroup(calls, paths.safe, group, before ?? [], change.safe);
          // An emergency waits for nobody, so it may have come between looking and writing. Then the
          // values that it counted on are put back.
          const living = (await readOverrides()).filter(({ mode }) => mode !== 'lifted');
          if (living.length > 0 && stored.safe !== undefined) {
            const now = (await readGroup(paths.safe, group)) ?? [];
            await writeGroup(calls, paths.safe, group, now, stored.safe);
            throw frozenError(group, living);
          }
        }
        // A parameter that others made is theirs: no default is put over it, and none beside it.
        const isSingle = singles.some((flag) => flag.group === group);
        if (change.base !== undefined && !isSingle) {
          await writeGroup(calls, paths.flags, group, base ?? [], change.base);
        }
      });
    },
  };
}

function merged(parts: FlagPart[] | undefined): FlagValues | undefined {
  return parts === undefined ? undefined : mergeParts(parts);
}

function mergeGroups(groups: ReadonlyMap<string, FlagPart[]>): Record<string, FlagValues> {
  return Object.fromEntries([...groups].map(([group, parts]) => [group, mergeParts(parts)]));
}

/** As in the file store: what is missing from lists and proofs would look as if it were safe. */
function requireValues(name: string, text: string): FlagValues {
  const values = parseFlagValues(text);
  if (values !== undefined) return values;
  throw new BackoutError({
    code: 'E_FLAGS_CORRUPT',
    message: `The parameter ${name} is not a JSON object of flags.`,
    state:
      'Running applications keep the last values that they could read; one that starts now uses the safe values of this group.',
    remedy: `Look at what it was before, and put that back: \`aws ssm get-parameter-history --name ${name}\`. Safe state can be asked for all the same: \`backout emergency\`.`,
  });
}
