/**
 * The overrides of an incident in the parameter store: `<incident>`, `<incident>.2`, … The same log
 * as in files (model/override-log.ts), and for the same reason: the store can create a parameter
 * only if it is not there, which is atomic, but it cannot change one only if nobody else has.
 *
 *     lift reads 1 ───────────────────────── creates 2 ✗ ─ reads 2, decides: older, refused
 *            alarm asks again, creates 2 ✓ (later)
 *
 * One parameter that is overwritten lost against this. Its version tells a writer *afterwards* that
 * somebody came between; until he has put that right a tombstone holds against a newer alarm, and
 * if he dies it holds for ever. Here it never does. And a parameter with 100 versions whose oldest
 * has a label can no longer be written, which is nothing to find out at night.
 */

import { formatOverride, parseOverride } from '../../model/flag-documents.ts';
import { staleError } from '../../model/flag-rules.ts';
import type { LiftedOverride, Override, SafeOverride } from '../../model/flags.ts';
import { PARAMETER_BYTES } from '../../model/flag-parts.ts';
import { logFileName } from '../../model/override-log.ts';
import type { OverrideChange } from '../../model/override-rules.ts';
import { PARAMETERS_PER_CALL } from '../../model/parameter-rates.ts';
import type { ParameterCalls } from './ssm-parameters.ts';

/** Each failed attempt means that another writer got through; as in the file store. */
const ATTEMPTS = 200;

/** What holds of one incident; the text is undefined and the number 0 when there is nothing. */
interface Newest {
  number: number;
  text: string | undefined;
  override: Override | undefined;
}

const NOTHING: Newest = { number: 0, text: undefined, override: undefined };

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
  let newest = blindly ? NOTHING : await readNewest(calls, path, incident);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (!written) before = newest.override;
    const change = decide(newest.override);
    if (change.kind === 'none') return { existing: before, written };
    if (change.kind === 'stale') throw staleError(wanted, change.newer);
    const text = formatOverride(fitOverride(change.next));
    const made = await calls.create(parameterName(path, incident, newest.number + 1), text);
    // Whether it was created or was there already: what counts is what is there now. If that is
    // ours, the rules say that there is nothing to do.
    newest = await readNewest(calls, path, incident);
    written ||= made === 'created' || (made === 'unclear' && newest.text === text);
  }
  throw new Error(`Other writers were faster ${ATTEMPTS} times.`);
}

/** The log is read ten documents at a time, until ten in a row are not there. */
async function readNewest(calls: ParameterCalls, path: string, incident: string): Promise<Newest> {
  let newest = NOTHING;
  for (let from = 1; ; from += PARAMETERS_PER_CALL) {
    const numbers = Array.from({ length: PARAMETERS_PER_CALL }, (_, index) => from + index);
    const found = await calls.get(numbers.map((number) => parameterName(path, incident, number)));
    for (const number of numbers) {
      const text = found.get(parameterName(path, incident, number))?.value;
      if (text !== undefined) newest = { number, text, override: parseOverride(incident, text) };
    }
    if (newest.number < from + PARAMETERS_PER_CALL - 1) return newest;
  }
}

function parameterName(path: string, incident: string, number: number): string {
  return `${path}/${logFileName(incident, number).slice(0, -'.json'.length)}`;
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
