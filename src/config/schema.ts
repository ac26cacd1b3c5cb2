/**
 * The shape of `backout.yml`. Keys keep the names they have in the file; durations become
 * milliseconds, percentages become ratios from 0 to 1. Every field says in its description what it
 * is for and what it is when left out: the JSON Schema and docs/configuration.md come from them.
 *
 * What concerns more than one field (a rule naming a group, a circle of dependencies) is checked by
 * references.ts, so that those problems are found even while other fields are wrong.
 */
import * as z from 'zod';
import { breakers } from './sections/breakers.ts';
import { checks } from './sections/checks.ts';
import { caches, databases, services } from './sections/data.ts';
import { environments } from './sections/environments.ts';
import { flags } from './sections/flags.ts';
import { escalation, messages } from './sections/messages.ts';
import { customerImpact, metrics } from './sections/metrics.ts';
import { evidence, postmortem, releases, repository } from './sections/record.ts';
import { rules } from './sections/rules.ts';
import { targets } from './sections/targets.ts';
import { alarms, bake, budgets, clock, drills, guard, lease, stages } from './sections/timing.ts';
import { identifier, words } from './values.ts';

export const configSchema = z
  .strictObject({
    version: z.literal(1).default(1).describe('Version of this format. Default: 1'),
    service: identifier().describe(
      'Name of the service; part of every key, parameter and message.',
    ),
    description: words().optional().describe('What the service does, in one sentence.'),
    depends_on: z
      .array(identifier())
      .default([])
      .describe('Services, each with its own file, that are rolled back before this one.'),
    repository: repository.prefault({}).describe('Where releases come from.'),
    releases: releases.prefault({}).describe('How releases are judged.'),
    environments: environments.describe('Where the service runs. At least one.'),
    flags: flags.prefault({}).describe('Feature flags and their safe values.'),
    breakers: breakers.prefault({}).describe('Circuit breakers of external providers.'),
    rules: rules
      .prefault({})
      .describe('The decision matrix. Left out: all of its rows with their default numbers.'),
    targets: targets.default({}).describe('The deployable parts, by name.'),
    databases: databases.default({}).describe('Databases that can be rolled back, by name.'),
    caches: caches.default({}).describe('Caches that can be emptied, by name.'),
    services: services.default({}).describe('Services that can be restarted, by name.'),
    checks: checks.default({}).describe('Questions that prove a rollback good, by name.'),
    metrics: metrics.optional().describe('Where measured values come from. Left out: nowhere.'),
    customer_impact: customerImpact.prefault({}).describe('When customers are hit.'),
    messages: messages.prefault({}).describe('Who is told what.'),
    escalation: escalation.prefault({}).describe('Who is called when it takes long, by name.'),
    postmortem: postmortem.prefault({}).describe('What is written down afterwards.'),
    evidence: evidence.prefault({}).describe('What is kept as evidence.'),
    budgets: budgets.prefault({}).describe('Time that each level may take.'),
    stages: stages.prefault({}).describe('When a rollback is validated.'),
    bake: bake.prefault({}).describe('How long verdicts have to stay passed.'),
    lease: lease.prefault({}).describe('The exclusive right to change a target or database.'),
    clock: clock.prefault({}).describe('When messages and follow-ups are due.'),
    alarms: alarms.prefault({}).describe('Which alarm events count.'),
    guard: guard.prefault({}).describe('Whether a held release comes back.'),
    drills: drills
      .prefault({})
      .describe('How long something that was really done counts as proof.'),
  })
  .describe('How a service is taken to a safe state and rolled back.');

/** `backout.yml` after reading: everything filled in. Durations in ms, ratios from 0 to 1. */
export type BackoutConfig = z.output<typeof configSchema>;

/** One environment of a configuration. */
export type EnvironmentConfig = BackoutConfig['environments'][string];
export type TargetConfig = BackoutConfig['targets'][string];
export type CheckConfig = BackoutConfig['checks'][string];
