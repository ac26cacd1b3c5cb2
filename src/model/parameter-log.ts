/**
 * The log of an incident's overrides in the parameter store: `<incident>`, `<incident>.2`, …, as in
 * files (override-log.ts), but a tombstone has a name of its own: `<incident>.2.lifted`. So a role
 * can be allowed to make safe and not to lift, which AWS decides by the name alone. What a document
 * says has to fit its name: a tombstone under the name of an override lifts nothing.
 *
 * A number may have both, when an alarm and a lift came at the same time. Then the rule for copies
 * decides (override-rules.ts): the later one holds.
 */

import { parseOverride, type DocumentText } from './flag-documents.ts';
import type { LiftedOverride, Override, SafeOverride } from './flags.ts';
import { uniteOverrides } from './override-rules.ts';

const NAME = /^([A-Za-z0-9][A-Za-z0-9_-]*)(?:\.([2-9]|[1-9]\d{1,8}))?(\.lifted)?$/;

/** Name of a document below the path of the overrides; 1 is the first number. */
export function overrideName(
  incident: string,
  number: number,
  mode: (SafeOverride | LiftedOverride)['mode'],
): string {
  const numbered = number === 1 ? incident : `${incident}.${number}`;
  return mode === 'lifted' ? `${numbered}.lifted` : numbered;
}

/** What holds of one incident, and the number of its documents. */
export interface NewestOverride {
  number: number;
  override: Override;
}

/**
 * Of each incident what holds, from all documents by name. A name that is not of our form is an
 * override that cannot be read: somebody put it there to say something.
 */
export function newestOverrides(
  documents: Readonly<Record<string, DocumentText>>,
): Map<string, NewestOverride> {
  const found = new Map<string, { number: number; copies: Override[] }>();
  for (const [name, text] of Object.entries(documents)) {
    const { incident, number, override } = readDocument(name, text);
    const known = found.get(incident);
    if (known === undefined || number > known.number) {
      found.set(incident, { number, copies: [override] });
    } else if (number === known.number) known.copies.push(override);
  }
  return new Map(
    [...found].flatMap(([incident, { number, copies }]) => {
      const override = uniteOverrides(copies);
      return override === undefined ? [] : [[incident, { number, override }] as const];
    }),
  );
}

function readDocument(name: string, text: DocumentText) {
  const match = NAME.exec(name);
  const [, incident = name, digits = '1', lifted] = match ?? [];
  const number = Number(digits);
  const override = parseOverride(incident, text);
  const expected = lifted === undefined ? 'safe' : 'lifted';
  if (match !== null && override.mode === expected) return { incident, number, override };
  const problem =
    override.mode === 'unreadable' && match !== null
      ? override.problem
      : `What ${name} says does not fit its name.`;
  return { incident, number, override: { mode: 'unreadable', incident, problem } as const };
}
