/** Writes the parts of one group of flags, next to others who do the same. */

import { BackoutError } from '../../model/error.ts';
import { parseFlagValues } from '../../model/flag-documents.ts';
import {
  applyPartChange,
  type FlagPart,
  formatPart,
  type PartChange,
  PARAMETER_BYTES,
  partName,
  planParts,
} from '../../model/flag-parts.ts';
import type { FlagValues } from '../../model/flags.ts';
import type { ParameterCalls, StoredParameter } from './ssm-parameters.ts';
import { ParameterFailure } from './ssm-retry.ts';

/** As often as somebody else may come between; people and pipelines edit flags, not alarms. */
const ATTEMPTS = 20;

/**
 * Makes the stored parts hold `wanted`. Only differences are written, so that what others change in
 * other flags stays.
 * @throws ParameterFailure; BackoutError E_SSM_SIZE (usage), E_FLAGS_BUSY (failed, retryable)
 */
export async function writeGroup(
  calls: ParameterCalls,
  path: string,
  group: string,
  stored: readonly FlagPart[],
  wanted: FlagValues,
): Promise<void> {
  for (const change of planParts(group, stored, wanted)) {
    const name = `${path}/${partName(group, change.number)}`;
    const isMade =
      change.isNew &&
      (await calls.create(name, formatPart(applyPartChange({}, change)))) === 'created';
    if (!isMade) await changePart(calls, name, group, change);
  }
}

/**
 * There is no way to write only if nobody else has: the version says so afterwards. Then what the
 * other wrote is one version before ours, and the change is made again on top of that.
 *
 *     A reads 3, writes 4 (right)
 *     B reads 3, writes 5: not 4, so reads version 4 and writes 6 = version 4 with B's change
 *
 * Between 5 and 6 a reader sees A's flag as it was before. If B dies there, A's change is lost: it
 * is in the history of the parameter, and the next to look at the flag sees it. Overrides, where
 * that would matter, are never written in this way.
 */
async function changePart(
  calls: ParameterCalls,
  name: string,
  group: string,
  change: PartChange,
): Promise<void> {
  let current = (await calls.get([name])).get(name);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const values = valuesOf(name, current);
    const next = formatPart(applyPartChange(values, change));
    if (next === formatPart(values)) return;
    const bytes = Buffer.byteLength(next);
    if (bytes > PARAMETER_BYTES) throw busyError(group);
    const version = await put(calls, name, next);
    if (version === (current?.version ?? 0) + 1) return;
    // Undefined: the answer was lost. What is there now says whether it was done.
    current =
      version === undefined
        ? (await calls.get([name])).get(name)
        : await followUp(calls, name, version);
  }
  throw busyError(group);
}

/** What the other wrote right before us, as the ground for our change; its version is now ours. */
async function followUp(
  calls: ParameterCalls,
  name: string,
  ours: number,
): Promise<StoredParameter | undefined> {
  const theirs = await calls.getVersion(name, ours - 1);
  return theirs === undefined ? (await calls.get([name])).get(name) : { ...theirs, version: ours };
}

async function put(calls: ParameterCalls, name: string, text: string): Promise<number | undefined> {
  try {
    return (await calls.overwrite(name, text)).version;
  } catch (error) {
    if (error instanceof ParameterFailure && error.problem === 'unanswered') return undefined;
    throw error;
  }
}

function valuesOf(name: string, stored: StoredParameter | undefined): FlagValues {
  if (stored === undefined) return {};
  const values = parseFlagValues(stored.value);
  if (values !== undefined) return values;
  throw new BackoutError({
    code: 'E_FLAGS_CORRUPT',
    message: `The parameter ${name} is not a JSON object of flags.`,
    remedy: `Look at what it was before, and put that back: \`aws ssm get-parameter-history --name ${name}\`.`,
  });
}

function busyError(group: string): BackoutError {
  return new BackoutError({
    code: 'E_FLAGS_BUSY',
    message: `Others are changing the flags of group ${group} at the same time.`,
    state: 'Their changes stand; of this one a part may be there, and doing it again is safe.',
    remedy: 'Do the same again in a moment. Safe state does not wait for this.',
    retryable: true,
  });
}
