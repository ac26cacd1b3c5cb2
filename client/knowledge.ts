/**
 * What the client knows, and how a reading changes it. Pure. One idea runs through it: only a word
 * releases what a word holds; silence releases nothing. A file that is gone, a Redis that restarted
 * empty, a server that cannot be reached are silence, so what was held stays held and what was open
 * stays open. The rules in full: docs/contract.md.
 */

import {
  type DocumentText,
  parseFlagValues,
  parseOverride,
  parseOverrides,
} from '../src/model/flag-documents.ts';
import { isLater, uniteOverrides } from '../src/model/override-rules.ts';
import type { FlagFiles } from '../src/adapters/file/read-flag-files.ts';
import { parseBreaker } from '../src/model/breaker-documents.ts';
import { type BreakerState, type Epoch, hasReached, parseEpoch } from '../src/model/breaker.ts';
import { covers, type FlagValues, type Override } from '../src/model/flags.ts';

/** What is in Redis, as text. */
export interface FastPath {
  /** Null when there is none: Redis is empty. */
  epoch: string | null;
  breakers: Readonly<Record<string, string>>;
  overrides: Readonly<Record<string, string>>;
}

/** One look at the world. A part that could not be read is left out. */
export interface Reading {
  files?: FlagFiles;
  fastPath?: FastPath;
}

interface KnownBreaker {
  state: BreakerState;
  /** A stored text that we did not follow, because it came from a store that had lost something. */
  refused?: string;
}

export interface Knowledge {
  base: ReadonlyMap<string, FlagValues>;
  safe: ReadonlyMap<string, FlagValues>;
  /** Groups that have safe values which could never be read. */
  unknownSafe: ReadonlySet<string>;
  /** Overrides by incident, from the files and from the mirror. */
  filed: ReadonlyMap<string, Override>;
  mirrored: ReadonlyMap<string, Override>;
  breakers: ReadonlyMap<string, KnownBreaker>;
  /** Of the last fast path that was applied. */
  epoch: Epoch | undefined;
  /** What was wrong with this reading, as sentences. */
  problems: readonly string[];
}

export const NOTHING: Knowledge = {
  base: new Map(),
  safe: new Map(),
  unknownSafe: new Set(),
  filed: new Map(),
  mirrored: new Map(),
  breakers: new Map(),
  epoch: undefined,
  problems: [],
};

/** What is known after `reading`. */
export function learn(known: Knowledge, reading: Reading): Knowledge {
  const problems: string[] = [];
  const files: FlagFiles = reading.files ?? { base: {}, safe: {}, overrides: {} };
  const mirror = Object.entries(reading.fastPath?.overrides ?? {});
  const filed = learnOverrides(known.filed, parseOverrides(files.overrides), problems);
  const mirrored = learnOverrides(
    known.mirrored,
    mirror.map(([incident, text]) => parseOverride(incident, text)),
    problems,
  );
  const inForce = uniteByIncident(filed, mirrored);
  const base = new Map(known.base);
  for (const [group, values] of readGroups('base', files.base, problems)) {
    if (values !== undefined) base.set(group, values);
  }
  const safe = new Map(known.safe);
  const unknownSafe = new Set(known.unknownSafe);
  for (const [group, values] of readGroups('safe', files.safe, problems)) {
    if (values === undefined) {
      if (!safe.has(group)) unknownSafe.add(group);
      continue;
    }
    // Safe values are not to change while they hold a flag. If one vanishes all the same, it stays.
    const held = inForce.some((override) => covers(override, group));
    safe.set(group, held ? { ...known.safe.get(group), ...values } : values);
    unknownSafe.delete(group);
  }
  return {
    base,
    safe,
    unknownSafe,
    filed,
    mirrored,
    ...learnFastPath(known, reading.fastPath, problems),
    problems,
  };
}

/** The overrides and tombstones that count: of each incident, the file's and the mirror's together. */
export function uniteByIncident(
  filed: ReadonlyMap<string, Override>,
  mirrored: ReadonlyMap<string, Override>,
): Override[] {
  return [...new Set([...filed.keys(), ...mirrored.keys()])].flatMap((incident) => {
    const copies = [filed.get(incident), mirrored.get(incident)].filter(
      (copy) => copy !== undefined,
    );
    return uniteOverrides(copies) ?? [];
  });
}

function learnOverrides(
  known: ReadonlyMap<string, Override>,
  read: readonly Override[],
  problems: string[],
): Map<string, Override> {
  const next = new Map(known);
  for (const override of read) {
    const { incident } = override;
    const before = known.get(incident);
    if (override.mode === 'unreadable') {
      problems.push(`Override ${incident} counts as everything safe: ${override.problem}`);
      next.set(incident, override);
    } else if (before === undefined || before.mode === 'unreadable') next.set(incident, override);
    else next.set(incident, uniteOverrides([before, override]) ?? override);
  }
  return next;
}

function readGroups(
  kind: 'base' | 'safe',
  files: Readonly<Record<string, DocumentText>>,
  problems: string[],
): [string, FlagValues | undefined][] {
  return Object.entries(files).map(([file, text]) => {
    const values = parseFlagValues(text);
    if (values === undefined) {
      problems.push(`${kind}/${file} is not a JSON object of flags; what was known stays.`);
    }
    return [file.slice(0, -'.json'.length), values];
  });
}

function learnFastPath(
  known: Knowledge,
  read: FastPath | undefined,
  problems: string[],
): Pick<Knowledge, 'breakers' | 'epoch'> {
  if (read === undefined) return { breakers: known.breakers, epoch: known.epoch };
  const epoch = read.epoch === null ? undefined : parseEpoch(read.epoch);
  if (read.epoch !== null && epoch === undefined) {
    problems.push(`The epoch ${JSON.stringify(read.epoch)} cannot be read.`);
  }
  // Whether the store has all that it had when we last looked. After a restart or a failover it
  // may not, and then a breaker that it calls closed may be one whose opening it has lost.
  const complete =
    known.epoch === undefined
      ? known.breakers.size === 0
      : epoch !== undefined && hasReached(epoch, known.epoch);
  const breakers = new Map(known.breakers);
  for (const [provider, text] of Object.entries(read.breakers)) {
    breakers.set(provider, learnBreaker(known.breakers.get(provider), text, complete));
  }
  return { breakers, epoch };
}

const RESTRICTION = { closed: 0, 'half-open': 1, open: 2, isolated: 3 } as const;

function learnBreaker(
  known: KnownBreaker | undefined,
  text: string,
  complete: boolean,
): KnownBreaker {
  const state = parseBreaker(text);
  if (known === undefined) return { state };
  const follow =
    (complete && text !== known.refused) ||
    RESTRICTION[state.state] >= RESTRICTION[known.state.state] ||
    isLater(state.since, known.state.since);
  return follow ? { state } : { ...known, refused: text };
}
