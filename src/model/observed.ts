/** What automation would have done, as the journal keeps it, and what it says over some weeks. */
import type { JournalEntry } from './journal.ts';

/** The rule of these records: they are no trouble, and never taken for an open incident. */
export const OBSERVED_RULE = 'observe';

/** Records of one day (UTC) stand together: `observed-20261125`. */
export function observedDay(now: number): string {
  return `observed-${new Date(now).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/** One time that automation would have acted. */
export interface Observation {
  /** When the signal said so, in milliseconds since 1970. */
  at: number;
  rules: string[];
  level: string;
  reason: string;
  /** The alarm, where it was one. */
  alarm?: { name: string; arn: string };
}

/** Those that the entries of such a record tell of. */
export function observationsIn(entries: readonly JournalEntry[]): Observation[] {
  return entries.flatMap(({ at, text, data }) => {
    const { met, level, alarm, arn } = data;
    if (!Array.isArray(met)) return [];
    return [
      {
        at: Date.parse(at),
        rules: met.map(String),
        level: typeof level === 'string' ? level : 'none',
        reason: text,
        ...(typeof alarm === 'string' && typeof arn === 'string'
          ? { alarm: { name: alarm, arn } }
          : {}),
      },
    ];
  });
}

/** A time in which a person had an incident open. */
export interface Trouble {
  from: number;
  /** Left out: it lasts. */
  to?: number;
}

/** How one rule would have done. */
export interface RuleReport {
  rule: string;
  /** How often it would have acted. */
  times: number;
  /** How often nobody had an incident within half an hour around it. */
  false_positives: number;
  /** ISO 8601 UTC of the false ones, oldest first. */
  false_at: string[];
}

/** Half an hour: what a person needs to be called, look, and open an incident. In milliseconds. */
export const AROUND_MS = 1_800_000;

/**
 * By rule: how often it would have acted, and how often nobody else thought that something was
 * wrong. Signals of one rule within half an hour of each other are one time: it would have acted
 * once.
 */
export function reportObserved(
  observations: readonly Observation[],
  troubles: readonly Trouble[],
): RuleReport[] {
  const names = [...new Set(observations.flatMap(({ rules }) => rules))].toSorted();
  return names.map((rule) => {
    const times = firstOfEach(observations.filter(({ rules }) => rules.includes(rule)));
    const wrong = times.filter((at) => !troubles.some((one) => isAround(at, one)));
    return {
      rule,
      times: times.length,
      false_positives: wrong.length,
      false_at: wrong.map((at) => new Date(at).toISOString()),
    };
  });
}

function firstOfEach(observations: readonly Observation[]): number[] {
  const found: number[] = [];
  let last = -Infinity;
  for (const at of observations.map((one) => one.at).toSorted((a, b) => a - b)) {
    if (at - last > AROUND_MS) found.push(at);
    last = at;
  }
  return found;
}

function isAround(at: number, { from, to = Infinity }: Trouble): boolean {
  return at >= from - AROUND_MS && at <= to + AROUND_MS;
}
