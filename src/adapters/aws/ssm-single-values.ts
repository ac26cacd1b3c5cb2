/** Base values of flags that have a parameter each. */

import { BackoutError } from '../../model/error.ts';
import { changeBase } from '../../model/flag-rules.ts';
import type { FlagValue } from '../../model/flags.ts';
import { formatSingle, parseSingle, type SingleFlag } from '../../model/single-flags.ts';
import type { ParameterCalls } from './ssm-parameters.ts';

/**
 * Base values of those flags by group, for the flag store.
 * @throws BackoutError E_FLAGS_CORRUPT when one of them is not of its type; ParameterFailure
 */
export async function readSingles(
  calls: ParameterCalls,
  flags: readonly SingleFlag[],
): Promise<Record<string, Record<string, FlagValue>>> {
  const stored = await calls.get(flags.map(({ parameter }) => parameter));
  const groups: Record<string, Record<string, FlagValue>> = {};
  for (const { group, name, parameter, type } of flags) {
    const values = (groups[group] ??= {});
    const text = stored.get(parameter)?.value;
    if (text === undefined) continue;
    const value = parseSingle(type, text);
    if (value === undefined) throw corruptError(parameter, type);
    values[name] = value;
  }
  return groups;
}

/**
 * Changes one of a group's; the last of two who do so at once counts.
 * @throws BackoutError E_FLAG (usage), E_FLAGS_CORRUPT; ParameterFailure
 */
export async function setSingle(
  calls: ParameterCalls,
  flags: readonly SingleFlag[],
  name: string,
  value: FlagValue,
): Promise<{ previous: FlagValue }> {
  const group = flags[0]?.group ?? '';
  const parameter = flags.find((flag) => flag.name === name)?.parameter ?? '';
  const base = (await readSingles(calls, flags))[group];
  const { previous } = changeBase(group, base, undefined, name, value);
  const text = (await calls.get([parameter])).get(parameter)?.value ?? '';
  await calls.overwrite(parameter, formatSingle(value, text));
  return { previous };
}

function corruptError(parameter: string, type: SingleFlag['type']): BackoutError {
  return new BackoutError({
    code: 'E_FLAGS_CORRUPT',
    message: `What is in the parameter ${parameter} is no ${type}.`,
    remedy: `Look at what it was before: \`aws ssm get-parameter-history --name ${parameter}\`.`,
  });
}
