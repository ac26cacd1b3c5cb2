/**
 * Flags that have a parameter each, from before there was Backout: plain text in the team's own
 * style. Pure.
 */

import type { FlagValue } from './flags.ts';

/** One of those flags, as `backout.yml` describes it. */
export interface SingleFlag {
  group: string;
  name: string;
  /** Full name of its parameter. */
  parameter: string;
  /** Type of its values, as that of its default. */
  type: 'boolean' | 'number' | 'string';
  /** Left out: it is never touched. */
  safe?: FlagValue;
}

/**
 * What was there before it was made safe: kept in the journal before anything is changed, so that
 * it can be put back whatever happens.
 */
export interface SingleFlagState {
  group: string;
  name: string;
  parameter: string;
  /** As it is stored. */
  text: string;
  /** Of the parameter at that time; the write that makes it safe is the next one. */
  version: number;
  /** Why it cannot be made safe, where that is known already. */
  problem?: string;
}

const STYLES = [
  ['true', 'false'],
  ['on', 'off'],
  ['yes', 'no'],
  ['enabled', 'disabled'],
  ['1', '0'],
] as const;

/** The value that a text stands for; undefined when it is none of the type. */
export function parseSingle(type: SingleFlag['type'], text: string): FlagValue | undefined {
  switch (type) {
    case 'string':
      return text;
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'boolean': {
      const word = text.trim().toLowerCase();
      const style = STYLES.find((words) => words.some((one) => one === word));
      return style === undefined ? undefined : word === style[0];
    }
    default:
      return type satisfies never;
  }
}

/** The text of a value, for truth values in the style of what is there: `On` becomes `Off`. */
export function formatSingle(value: FlagValue, like: string): string {
  if (typeof value !== 'boolean') return String(value);
  const word = like.trim();
  const style = STYLES.find((words) => words.some((one) => one === word.toLowerCase()));
  const next = (style ?? STYLES[0])[value ? 0 : 1];
  if (style === undefined || word === word.toLowerCase()) return next;
  return word === word.toUpperCase()
    ? next.toUpperCase()
    : `${next.charAt(0).toUpperCase()}${next.slice(1)}`;
}
