import type { DatabaseProblem, DatabaseReport } from './audit-report.ts';
import { compareNumbers } from './file-layout.ts';

/** Tools whose own table of applied migrations is understood. */
export type HistoryTool =
  | 'flyway'
  | 'prisma'
  | 'drizzle'
  | 'dbmate'
  | 'golang-migrate'
  | 'goose'
  | 'knex'
  | 'node-pg-migrate';

/** One row of such a table, in words that all tools share. */
export interface AppliedMigration {
  /** What the tool knows it by: a file name, a version, or a hash. */
  key: string;
  /** For people. */
  name: string;
  checksum?: string;
  state: 'done' | 'failed';
}

/** A migration of the live release, as the same tool would know it. */
export interface PresentMigration {
  key: string;
  name: string;
  checksum?: string;
  version: readonly bigint[] | undefined;
}

export interface AppliedHistory {
  tool: HistoryTool;
  /** `public.flyway_schema_history` */
  table: string;
  /** In the order in which they ran. */
  rows: readonly AppliedMigration[];
  /** True when the table only has the newest version: everything up to it counts as applied. */
  upTo: boolean;
}

/** What a database has, beside what the live release brings along. */
export function compareApplied(
  history: AppliedHistory,
  present: readonly PresentMigration[],
): DatabaseReport {
  const { tool, table, rows } = history;
  const byKey = new Map(present.map((one) => [one.key, one]));
  const applied = history.upTo ? everythingUpTo(rows, present) : rows;
  const keys = new Set(applied.map(({ key }) => key));
  const problems: DatabaseProblem[] = [
    ...rows.filter(({ state }) => state === 'failed').map(describeFailed),
    ...applied.flatMap((row) => describeRow(row, byKey.get(row.key))),
    ...present.filter(({ key }) => !keys.has(key)).map(describePending),
    ...(history.upTo ? [] : outOfOrder(applied, byKey)),
  ];
  return { tool, table, applied: applied.length, problems };
}

function everythingUpTo(
  rows: readonly AppliedMigration[],
  present: readonly PresentMigration[],
): AppliedMigration[] {
  const [current] = rows;
  if (current === undefined) return [];
  const version = [BigInt(current.key)];
  const before = present
    .filter((one) => compareNumbers(one.version, version) <= 0 && one.version !== undefined)
    .map(({ key, name }): AppliedMigration => ({ key, name, state: 'done' }));
  return before.some(({ key }) => key === current.key) ? before : [...before, current];
}

function describeFailed({ name }: AppliedMigration): DatabaseProblem {
  return {
    migration: name,
    problem: 'failed',
    kind: 'needs-a-human',
    why: 'It did not run to its end: how much of it the database has cannot be seen.',
  };
}

function describeRow(row: AppliedMigration, file: PresentMigration | undefined): DatabaseProblem[] {
  if (row.state === 'failed') return [];
  if (file === undefined) {
    return [
      {
        migration: row.name,
        problem: 'unknown',
        kind: 'needs-a-human',
        why: 'The database has it, but the live release does not: what it did was not audited.',
      },
    ];
  }
  if (row.checksum === undefined || file.checksum === undefined || row.checksum === file.checksum) {
    return [];
  }
  return [
    {
      migration: file.name,
      problem: 'changed',
      kind: 'needs-a-human',
      why: 'The database ran another text than the live release has: what ran was not audited.',
    },
  ];
}

function describePending({ name }: PresentMigration): DatabaseProblem {
  return {
    migration: name,
    problem: 'pending',
    kind: 'compatible',
    why: 'The live release has it, but it did not run here: the database is older than the release.',
  };
}

function outOfOrder(
  rows: readonly AppliedMigration[],
  byKey: ReadonlyMap<string, PresentMigration>,
): DatabaseProblem[] {
  let newest: PresentMigration | undefined;
  return rows.flatMap((row): DatabaseProblem[] => {
    const file = byKey.get(row.key);
    if (file?.version === undefined) return [];
    if (newest === undefined || compareNumbers(file.version, newest.version) >= 0) {
      newest = file;
      return [];
    }
    return [
      {
        migration: file.name,
        problem: 'out-of-order',
        kind: 'compatible',
        why: `It ran after ${newest.name}, which has a higher number.`,
      },
    ];
  });
}
