/**
 * Reads the stored flag documents (docs/contract.md). Written by hand and without a schema library,
 * because the application's client reads the same documents and must not bring one along: one
 * reader for both means that what we call safe is what the application does.
 */

import type { FlagValue, FlagValues, Override, SafeOverride, LiftedOverride } from './flags.ts';
import { isLogFileName, newestDocuments } from './override-log.ts';

/** The text of a document; null when there is one that cannot be read (no permission, a folder). */
export type DocumentText = string | null;

/** Parses JSON into an object; undefined when it is anything else. */
export function parseRecord(text: DocumentText): Record<string, unknown> | undefined {
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it can be the value of a flag: true, false, a finite number, a text. */
export function isFlagValue(value: unknown): value is FlagValue {
  return (
    typeof value === 'boolean' ||
    typeof value === 'string' ||
    (typeof value === 'number' && Number.isFinite(value))
  );
}

/** Any text but "constructor" and the like, which would be found in every object. */
export function isFlagName(name: string): boolean {
  return name !== '' && !(name in {});
}

/**
 * Reads one group's values. Undefined when any of it is wrong: half a document may be the wrong
 * half.
 */
export function parseFlagValues(text: DocumentText): FlagValues | undefined {
  const record = parseRecord(text);
  if (record === undefined) return undefined;
  const values: FlagValues = {};
  for (const [name, value] of Object.entries(record)) {
    if (!isFlagName(name) || !isFlagValue(value)) return undefined;
    values[name] = value;
  }
  return values;
}

/**
 * Reads an override. Whatever is not exactly an override or a tombstone is `unreadable`, which
 * counts as everything safe. Members that we do not know are ignored: a newer Backout may add some.
 */
export function parseOverride(incident: string, text: DocumentText): Override {
  const record = parseRecord(text);
  const unreadable = (problem: string): Override => ({ mode: 'unreadable', incident, problem });
  if (text === null) return unreadable('The document exists but cannot be read.');
  if (record === undefined) return unreadable('The document is not a JSON object.');
  const { mode, since, by, reason, rule, groups } = record;
  if (mode !== 'safe' && mode !== 'lifted') return unreadable('`mode` is neither safe nor lifted.');
  if (!isInstant(since))
    return unreadable('`since` is not a time such as 2026-01-31T03:00:00.000Z.');
  if (!isText(by)) return unreadable('`by` does not say who it was.');
  if (typeof reason !== 'string') return unreadable('`reason` is not a text.');
  if (mode === 'lifted') return { mode, incident, since, by, reason };
  if (!isText(rule)) return unreadable('`rule` is not the name of a rule.');
  if (groups === undefined) return { mode, incident, since, by, rule, reason };
  if (!isTextList(groups)) return unreadable('`groups` is not a list of names.');
  return { mode, incident, groups, since, by, rule, reason };
}

/** Reads the folder of overrides: documents by file name, of which each incident's newest counts. */
export function parseOverrides(files: Readonly<Record<string, DocumentText>>): Override[] {
  return [...newestDocuments(Object.keys(files))].map(([incident, { file }]) =>
    isLogFileName(file)
      ? parseOverride(incident, files[file] ?? null)
      : { mode: 'unreadable', incident, problem: `${file} is not the name of an override.` },
  );
}

/** The stored form. The incident is in the name of the document, and only there. */
export function formatOverride(override: SafeOverride | LiftedOverride): string {
  const { incident: _inTheName, ...document } = override;
  return `${JSON.stringify(document)}\n`;
}

/** UTC, to the second or millisecond: other forms do not sort as text, which the mirror relies on. */
export function isInstant(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string');
}
