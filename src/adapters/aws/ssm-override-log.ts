/**
 * The overrides of an incident in the parameter store: a log (model/parameter-log.ts), as in files,
 * and for the same reason: the store can create a parameter only if it is not there, which is
 * atomic, but it cannot change one only if nobody else has. Nothing is ever overwritten.
 *
 *     lift reads 1 ─────────────────────────── creates 2.lifted ─ reads both: older, refused
 *            alarm asks again, creates 2 (later: it holds, whichever of the two came first)
 *
 * One parameter that is overwritten lost against this. Its version tells a writer *afterwards* that
 * somebody came between; until he has put that right a tombstone holds against a newer alarm, and
 * if he dies it holds for ever. Here it never does. And a parameter with 100 versions whose oldest
 * has a label can no longer be written, which is nothing to find out at night.
 */

import { formatOverride } from '../../model/flag-documents.ts';
import { staleError } from '../../model/flag-rules.ts';
import type { LiftedOverride, Override, SafeOverride } from '../../model/flags.ts';
import { PARAMETER_BYTES } from '../../model/flag-parts.ts';
import { canonicalJson } from '../../model/json.ts';
import type { OverrideChange } from '../../model/override-rules.ts';
import { type NewestOverride, newestOverrides, overrideName } from '../../model/parameter-log.ts';
import { PARAMETERS_PER_CALL } from '../../model/parameter-rates.ts';
import { documentsBelow } from './ssm-names.ts';
import type { ParameterCalls } from './ssm-parameters.ts';

/** Each failed attempt means that another writer got through; as in the file store. */
const ATTEMPTS = 200;

export interface WriteOptions {
  calls: ParameterCalls;
  /** Path of the overrides. */
  path: string;
  wanted: SafeOverride | LiftedOverride;
  decide: (existing: Override | undefined) => OverrideChange;
  /**
   * True: the first document is created without looking. That is one call until the flags are safe,
   * and none that somebody else's reading can hold up.
   */
  blindly: boolean;
}

/**
 * Writes what the rules want, and has read it back when it returns.
 * @returns `existing`: what was there before; `written`: whether anything had to be written
 * @throws ParameterFailure; BackoutError E_STALE
 */
export async function writeOverride({
  calls,
  path,
  wanted,
  decide,
  blindly,
}: WriteOptions): Promise<{ existing: Override | undefined; written: boolean }> {
  const { incident } = wanted;
  let before: Override | undefined;
  let written = false;
  let newest = blindly ? undefined : await readNewest(calls, path, incident);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (!written) before = newest?.override;
    const change = decide(newest?.override);
    if (change.kind === 'none') return { existing: before, written };
    if (change.kind === 'stale') throw staleError(wanted, change.newer);
    const next = fitOverride(change.next);
    const name = overrideName(incident, (newest?.number ?? 0) + 1, next.mode);
    const made = await calls.create(`${path}/${name}`, formatOverride(next));
    // Whether it was created or was there already: what counts is what is there now. If that is
    // ours, the rules say that there is nothing to do.
    newest = await readNewest(calls, path, incident);
    written ||=
      made === 'created' ||
      (made === 'unclear' && canonicalJson(newest?.override) === canonicalJson(next));
  }
  throw new Error(`Other writers were faster ${ATTEMPTS} times.`);
}

/** Numbers that one call reads, each with its two names. */
const NUMBERS = PARAMETERS_PER_CALL / 2;

/** The log is read a call at a time, until the last number of one is not there. */
async function readNewest(
  calls: ParameterCalls,
  path: string,
  incident: string,
): Promise<NewestOverride | undefined> {
  let newest: NewestOverride | undefined;
  for (let from = 1; ; from += NUMBERS) {
    const names = Array.from({ length: NUMBERS }, (_, index) => from + index).flatMap((number) => [
      overrideName(incident, number, 'safe'),
      overrideName(incident, number, 'lifted'),
    ]);
    const found = await calls.get(names.map((name) => `${path}/${name}`));
    newest = newestOverrides(documentsBelow(path, [...found.values()])).get(incident) ?? newest;
    if ((newest?.number ?? 0) < from + NUMBERS - 1) return newest;
  }
}

/**
 * An override that is longer than a parameter is shortened towards safety and not refused: first its
 * reason, which is for people and in the journal in full, then its groups, so that all are covered.
 */
function fitOverride(override: SafeOverride | LiftedOverride): SafeOverride | LiftedOverride {
  const excess = bytesOf(override) - PARAMETER_BYTES;
  if (excess <= 0) return override;
  const shorter = { ...override, reason: shorten(override.reason, excess) };
  if (override.mode === 'lifted' || bytesOf(shorter) <= PARAMETER_BYTES) return shorter;
  const { groups: _everything, ...whole } = override;
  return fitOverride(whole);
}

function bytesOf(override: SafeOverride | LiftedOverride): number {
  return Buffer.byteLength(formatOverride(override));
}

/** Takes away at least `bytes` as they count in JSON, where one character may be six. */
function shorten(text: string, bytes: number): string {
  let rest = text;
  const most = jsonBytes(text) - bytes - Buffer.byteLength('…');
  while (rest !== '' && jsonBytes(rest) > most) rest = rest.slice(0, Math.floor(rest.length * 0.9));
  return `${rest}…`;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
