/** Circuit breakers: one per external provider, and how each comes back. */
import * as z from 'zod';
import { duration, identifier, named, percent, words } from '../values.ts';

const sample = percent();
const failures = z.int().min(0).max(1000);
const watch = duration({ max: 3_600_000 });

const provider = z.strictObject({
  description: words().optional().describe('What the provider does for the service.'),
  recovery_order: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Place in the order of recovery, 1 first, each used once. Default: after the others.',
    ),
  tags: z
    .array(identifier())
    .default([])
    .describe('Words that rules can name as "tag:WORD", such as payment. Default: none'),
  half_open_sample: sample
    .optional()
    .describe('Share of calls let through while half open. Default: as for all.'),
  half_open_failures: failures
    .optional()
    .describe('Failed trial calls that open the breaker again when exceeded. Default: as for all.'),
  watch: watch
    .optional()
    .describe('Time to watch before it counts as closed. Default: as for all.'),
});

/** Providers with everything filled in, in the order in which they recover. */
function fillIn(section: z.output<typeof written>) {
  const listed = Object.values(section.providers).map((one) => one.recovery_order ?? 0);
  let last = Math.max(0, ...listed);
  const complete = Object.entries(section.providers).map(
    ([id, one]) =>
      [
        id,
        {
          ...one,
          recovery_order: one.recovery_order ?? ++last,
          half_open_sample: one.half_open_sample ?? section.half_open_sample,
          half_open_failures: one.half_open_failures ?? section.half_open_failures,
          watch: one.watch ?? section.watch,
        },
      ] as const,
  );
  complete.sort(([, a], [, b]) => a.recovery_order - b.recovery_order);
  return { ...section, providers: Object.fromEntries(complete) };
}

const written = z.strictObject({
  half_open_sample: sample
    .prefault('10%')
    .describe('Share of calls let through while half open. Default: 10%'),
  half_open_failures: failures
    .default(0)
    .describe('Failed trial calls that open a breaker again when exceeded. Default: 0'),
  watch: watch
    .prefault('5m')
    .describe('Time to watch after the trial calls before the next provider. Default: 5m'),
  providers: named(provider).default({}).describe('External providers, by name.'),
});

export const breakers = written.transform(fillIn);
