/**
 * A group of flags that does not fit into one parameter of 4 KB is kept in parts: `group`,
 * `group/2`, `group/3`, … Each part is a whole document of its own, and a flag stays in the part
 * that it is in. So a reader that sees one part before a change and another after it sees every
 * flag all the same, and two editors of different flags have nothing to agree on.
 *
 * Pages of one long text lost against this: a reader that comes in the middle of a change gets text
 * that is none, and the whole group is unreadable.
 */

import { BackoutError } from './error.ts';
import type { FlagValues } from './flags.ts';

/** Bytes in UTF-8 of a standard parameter: AWS Systems Manager, "Parameter tiers". */
export const PARAMETER_BYTES = 4_096;

/** New flags leave this much free, so that a value that grows does not have to move. */
const SPARE_BYTES = 256;

export interface FlagPart {
  /** From 1; where two parts have the same flag, the higher one is newer and counts. */
  number: number;
  values: FlagValues;
}

/** What to do with one part. Changes to different flags can be made in any order. */
export interface PartChange {
  number: number;
  isNew: boolean;
  set: FlagValues;
  remove: string[];
}

/** Name below the path of the group's kind; 1 is the first. */
export function partName(group: string, number: number): string {
  return number === 1 ? group : `${group}/${number}`;
}

/** Group and number of a name below the path; undefined when it is not of our form. */
export function parsePartName(name: string): { group: string; number: number } | undefined {
  const match = /^([^/]+)(?:\/([2-9]|[1-9]\d{1,3}))?$/.exec(name);
  if (match?.[1] === undefined) return undefined;
  return { group: match[1], number: match[2] === undefined ? 1 : Number(match[2]) };
}

/** All flags of a group. */
export function mergeParts(parts: readonly FlagPart[]): FlagValues {
  const inOrder = parts.toSorted((a, b) => a.number - b.number);
  return Object.fromEntries(inOrder.flatMap(({ values }) => Object.entries(values)));
}

/** The stored form of a part. */
export function formatPart(values: FlagValues): string {
  return JSON.stringify(values);
}

/** `values` after the change. */
export function applyPartChange(values: FlagValues, { set, remove }: PartChange): FlagValues {
  const kept = Object.entries(values).filter(([name]) => !remove.includes(name));
  return { ...Object.fromEntries(kept), ...set };
}

/** A part while it is planned, with the bytes that it has come to. */
interface Planned {
  number: number;
  isNew: boolean;
  values: Map<string, FlagValues[string]>;
  bytes: number;
  set: FlagValues;
  remove: string[];
}

/**
 * What makes the stored parts hold exactly `wanted`, the highest part first: a flag that moves goes
 * to a higher part and is taken from the lower one afterwards, so that no reader misses it.
 * @throws BackoutError E_SSM_SIZE (usage) when one flag alone is too long for a part
 */
export function planParts(
  group: string,
  stored: readonly FlagPart[],
  wanted: FlagValues,
): PartChange[] {
  const parts = stored.toSorted((a, b) => a.number - b.number).map(startFrom);
  if (parts.length === 0) parts.push(emptyPart(1));
  const homes = new Map(parts.flatMap((part) => [...part.values.keys()].map((n) => [n, part])));
  for (const part of parts) {
    for (const name of part.values.keys()) {
      if (!Object.hasOwn(wanted, name) || homes.get(name) !== part) take(part, name);
    }
  }
  const moving: [string, FlagValues[string], number][] = [];
  for (const [name, value] of Object.entries(wanted).toSorted(byName)) {
    const size = entryBytes(name, value);
    if (size + EMPTY_BYTES > PARAMETER_BYTES) throw tooLong(group, name, size + EMPTY_BYTES);
    const home = homes.get(name);
    if (home === undefined) {
      moving.push([name, value, 0]);
      continue;
    }
    const before = home.values.get(name);
    if (before === value) continue;
    const grown = size - (before === undefined ? 0 : entryBytes(name, before));
    if (home.bytes + grown <= PARAMETER_BYTES) put(home, name, value);
    else {
      take(home, name);
      moving.push([name, value, home.number]);
    }
  }
  let first = 0;
  for (const [name, value, above] of moving) {
    const size = entryBytes(name, value);
    const room = (part: Planned): boolean =>
      part.bytes === EMPTY_BYTES || part.bytes + size <= PARAMETER_BYTES - SPARE_BYTES;
    // What has no room for this one may have it for a shorter one, but looking again at hundreds of
    // full parts for each of thousands of flags is not worth the few bytes.
    const from = above === 0 ? first : 0;
    let at = parts.findIndex((part, index) => index >= from && part.number > above && room(part));
    if (at < 0) at = parts.push(emptyPart((parts.at(-1)?.number ?? 0) + 1)) - 1;
    if (above === 0) first = at;
    const part = parts[at];
    if (part !== undefined) put(part, name, value);
  }
  return parts
    .filter(({ isNew, set, remove }) => isNew || Object.keys(set).length > 0 || remove.length > 0)
    .map(({ number, isNew, set, remove }) => ({ number, isNew, set, remove }))
    .toReversed();
}

/** `{}` */
const EMPTY_BYTES = 2;

function startFrom({ number, values }: FlagPart): Planned {
  const bytes = Buffer.byteLength(formatPart(values));
  const entries = new Map(Object.entries(values));
  // Counted with a comma for each, so one too many, which is on the safe side.
  const counted = entries.size === 0 ? EMPTY_BYTES : bytes + 1;
  return { number, isNew: false, values: entries, bytes: counted, set: {}, remove: [] };
}

function emptyPart(number: number): Planned {
  return { number, isNew: true, values: new Map(), bytes: EMPTY_BYTES, set: {}, remove: [] };
}

function take(part: Planned, name: string): void {
  const value = part.values.get(name);
  if (value === undefined) return;
  part.values.delete(name);
  part.bytes -= entryBytes(name, value);
  part.remove.push(name);
}

function put(part: Planned, name: string, value: FlagValues[string]): void {
  const before = part.values.get(name);
  part.bytes += entryBytes(name, value) - (before === undefined ? 0 : entryBytes(name, before));
  part.values.set(name, value);
  part.set[name] = value;
}

/** Its comma included. */
function entryBytes(name: string, value: FlagValues[string]): number {
  return Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(JSON.stringify(value)) + 2;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

function tooLong(group: string, name: string, bytes: number): BackoutError {
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return new BackoutError({
    code: 'E_SSM_SIZE',
    kind: 'usage',
    message: `Flag ${shown} of group ${group} needs ${bytes} of the ${PARAMETER_BYTES} bytes of a parameter.`,
    remedy: 'Shorten its name or its value; long texts belong into a file or a bucket.',
  });
}
