/** Every budget and period. The defaults are those of the rollback runbook. */
import * as z from 'zod';
import { duration } from '../values.ts';

const short = duration({ max: 3_600_000 });

export const budgets = z.strictObject({
  flags: short.prefault('30s').describe('Time for the level flags. Default: 30s'),
  application: short.prefault('5m').describe('Time for the level application. Default: 5m'),
  database: duration({ max: 86_400_000 })
    .prefault('15m')
    .describe('Time for the level database. Default: 15m'),
  make_safe: short.prefault('2m').describe('Time until the service is safe. Default: 2m'),
  assess: short.prefault('5m').describe('Time until the scope is known. Default: 5m'),
});

export const stages = z.strictObject({
  now: duration({ min: 0, max: 600_000 })
    .prefault('0s')
    .describe('First validation, counted from the end of the rollback. Default: 0s'),
  't+2': short.prefault('2m').describe('Second validation. Default: 2m'),
  't+10': short.prefault('10m').describe('Third validation. Default: 10m'),
});

export const bake = z.strictObject({
  duration: duration({ max: 86_400_000 })
    .prefault('10m')
    .describe('Time in which every verdict must stay passed. Default: 10m'),
  every: duration({ min: 500, max: 600_000 })
    .prefault('15s')
    .describe('Time between two rounds of checks. Default: 15s'),
});

export const lease = z.strictObject({
  ttl: duration({ min: 1_000, max: 600_000 })
    .prefault('30s')
    .describe(
      'Time after which a holder that fell silent may be followed by another. Default: 30s',
    ),
  wait: duration({ min: 0, max: 600_000 })
    .prefault('0s')
    .describe('Time to wait for a lease that another rollback holds. Default: 0s, refuse at once'),
});

export const clock = z.strictObject({
  updates_every: short
    .prefault('5m')
    .describe('Longest time between two messages while an incident lives. Default: 5m'),
  stability_after: duration({ max: 86_400_000 })
    .prefault('30m')
    .describe('When stability is confirmed, from the end of the rollback. Default: 30m'),
  follow_up_after: duration({ max: 172_800_000 })
    .prefault('2h')
    .describe('When the follow-up tasks are due to be planned. Default: 2h'),
});

export const alarms = z.strictObject({
  max_age: duration({ min: 60_000, max: 3_600_000 })
    .prefault('15m')
    .describe('Older alarm events are ignored. Default: 15m'),
  reread_after: duration({ min: 0, max: 3_600_000 })
    .prefault('5m')
    .describe('Older alarm events are looked up again before anything is done. Default: 5m'),
  flapping: z
    .strictObject({
      changes: z
        .int()
        .min(2)
        .default(3)
        .describe('Changes to alarm that mean flapping. Default: 3'),
      within: short.prefault('30m').describe('Time in which they are counted. Default: 30m'),
    })
    .prefault({})
    .describe('When a signal that comes and goes stops automation above the level flags.'),
});

export const guard = z.strictObject({
  every: duration({ min: 10_000, max: 3_600_000 })
    .prefault('1m')
    .describe(
      'How often `backout guard --watch` looks whether a held release came back. Default: 1m',
    ),
});

const proof = duration({ max: 31_536_000_000 });
export const drills = z.strictObject({
  flags: proof
    .prefault('7d')
    .describe('How long a rollback or a flag test proves the level flags. Default: 7d'),
  application: proof
    .prefault('30d')
    .describe(
      'How long a rollback, also one to practise, proves the level application. Default: 30d',
    ),
  database: proof
    .prefault('30d')
    .describe('How long a rollback, also one to practise, proves the level database. Default: 30d'),
});
