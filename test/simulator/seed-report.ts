import * as z from 'zod';

/** A range of seeds that one process plays in order. */
export const blockSchema = z.strictObject({
  from: z.int().min(0),
  count: z.int().min(1),
  /** Goes on after a violation. */
  keepGoing: z.boolean(),
});

export type SeedBlock = z.infer<typeof blockSchema>;

export const reportSchema = z.strictObject({
  /** Seeds played. */
  seeds: z.int().min(0),
  /** Virtual milliseconds played, over all seeds. */
  played_ms: z.number(),
  events: z.int().min(0),
  seconds: z.number(),
  violations: z.array(z.strictObject({ seed: z.int(), rule: z.string(), text: z.string() })),
});

/** What a caller reads with --json. */
export type SeedReport = z.infer<typeof reportSchema>;

export const EMPTY_REPORT: SeedReport = {
  seeds: 0,
  played_ms: 0,
  events: 0,
  seconds: 0,
  violations: [],
};

/** Two reports as one; `seconds` are those of the work, not of the clock on the wall. */
export function addReports(a: SeedReport, b: SeedReport): SeedReport {
  return {
    seeds: a.seeds + b.seeds,
    played_ms: a.played_ms + b.played_ms,
    events: a.events + b.events,
    seconds: a.seconds + b.seconds,
    violations: [...a.violations, ...b.violations],
  };
}
