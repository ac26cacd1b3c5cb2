import { posix } from 'node:path';
import { committedFiles } from '../adapters/git/read-tree.ts';
import { namedCommits } from '../adapters/git/named-commits.ts';
import { migrationReader } from '../adapters/scripts/migration-reader.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import type { AuditReport } from '../model/migration/audit-report.ts';
import { auditMigrations, type AuditRequest } from '../operations/audit-migrations.ts';

export interface AuditOptions extends Omit<AuditRequest, 'select'> {
  /** A clone, or any folder in it. */
  directory: string;
  /** Patterns of paths from the root of the repository; a folder stands for all that is in it. */
  patterns: readonly string[] | undefined;
  /** Name of the variable with the address of a database that has these migrations. */
  databaseUrlEnv: string | undefined;
  env: EnvironmentVariables;
}

/** Audits the migrations of any git repository: without `backout.yml`, database or network. */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { directory, env, patterns } = options;
  const ports = {
    repository: namedCommits({ directory, env }),
    files: committedFiles({ directory, env }),
    reader: await migrationReader(),
  };
  const { from, to, none } = options;
  const request = { from, to, none };
  const { report } = await auditMigrations(
    ports,
    patterns === undefined ? request : { ...request, select: matcherOf(patterns) },
  );
  return report;
}

/** Whether a path matches any of the patterns. */
export function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  const globs = patterns.flatMap((pattern) => {
    const plain = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
    return plain === '.' ? ['**'] : [plain, `${plain}/**`];
  });
  return (path) => globs.some((glob) => posix.matchesGlob(path, glob));
}
