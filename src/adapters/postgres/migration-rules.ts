/** What a schema that is not just what we expect means. No database is needed to decide it. */

import { BackoutError } from '../../model/error.ts';
import type { Migration } from './migrations/migration.ts';

/** A step that the database says was applied. */
export interface AppliedStep {
  number: number;
  name: string;
  additive: boolean;
  checksum: string;
}

/**
 * The steps still to apply.
 *
 * A schema with steps that we do not know was made by a newer Backout. The older one goes on with
 * it as long as these steps only added something: Backout itself gets rolled back too, and an old
 * version that refused to start during an incident would be the worst time to find out. Steps that
 * are not additive are refused.
 *
 * @throws BackoutError E_SCHEMA_CHANGED, E_SCHEMA_NEWER (refused)
 */
export function requireKnownSchema(
  migrations: readonly Migration[],
  applied: readonly AppliedStep[],
  checksumOf: (migration: Migration) => string,
): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  for (const step of applied) {
    const migration = known.get(step.number);
    if (migration === undefined && !step.additive) throw schemaNewer(step);
    if (migration !== undefined && checksumOf(migration) !== step.checksum) {
      throw schemaChanged(step);
    }
  }
  const numbers = new Set(applied.map((step) => step.number));
  return migrations.filter((migration) => !numbers.has(migration.number));
}

/** Messages and log excerpts hold any character; only UTF-8 can store them all. */
export function requireUtf8(encoding: string): void {
  if (encoding === 'UTF8') return;
  throw new BackoutError({
    code: 'E_SCHEMA_ENCODING',
    kind: 'refused',
    message: `The journal's database stores text as ${encoding}, which cannot hold every character.`,
    remedy: `Create another one and name it in the journal's URL: \`createdb -E UTF8 -T template0 backout\`.`,
  });
}

export function schemaBusy(waitedMs: number, cause: unknown): BackoutError {
  return new BackoutError({
    code: 'E_SCHEMA_BUSY',
    message: `Another process has been changing the journal's schema for more than ${waitedMs / 1000} s.`,
    remedy:
      'Run the same command again. If it stays like this, look for a hanging session named backout in pg_stat_activity.',
    retryable: true,
    cause,
  });
}

function schemaNewer(step: AppliedStep): BackoutError {
  return new BackoutError({
    code: 'E_SCHEMA_NEWER',
    kind: 'refused',
    message: `The journal's schema was changed by a newer Backout in a way this version cannot work with (step ${step.number}, ${step.name}).`,
    remedy: 'Use the newer Backout. `backout --version` says which one this is.',
  });
}

function schemaChanged(step: AppliedStep): BackoutError {
  return new BackoutError({
    code: 'E_SCHEMA_CHANGED',
    kind: 'refused',
    message: `Step ${step.number} (${step.name}) of the journal's schema is not the one this Backout knows: its text was edited after it had been applied.`,
    remedy:
      'Use a released version of Backout. If this is one, somebody changed backout.migration by hand: compare it with a backup.',
  });
}
