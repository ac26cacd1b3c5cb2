import { posix } from 'node:path';
import { crc32 } from 'node:zlib';
import { committedFiles } from '../adapters/git/read-tree.ts';
import { namedCommits } from '../adapters/git/named-commits.ts';
import { readMigrationHistories } from '../adapters/postgres/migration-history.ts';
import { migrationReader } from '../adapters/scripts/migration-reader.ts';
import type { EnvironmentVariables } from '../config/environment.ts';
import { BackoutError } from '../model/error.ts';
import { compareApplied } from '../model/migration/applied.ts';
import { type AuditReport, verdictOf } from '../model/migration/audit-report.ts';
import { flywayLines, presentFor } from '../model/migration/present.ts';
import { auditMigrations, type AuditRequest } from '../operations/audit-migrations.ts';
import type { ReadFile } from '../operations/read-migrations.ts';

export interface RepositoryOptions {
  /** A clone, or any folder in it. */
  directory: string;
  env: EnvironmentVariables;
}

export interface AuditOptions extends Omit<AuditRequest, 'select'>, RepositoryOptions {
  /** Patterns of paths from the root of the repository; a folder stands for all that is in it. */
  patterns: readonly string[] | undefined;
  /** Name of the variable with the address of a database that has these migrations. */
  databaseUrlEnv: string | undefined;
}

/** Audits the migrations of any git repository: without `backout.yml`, database or network. */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { directory, env, patterns, databaseUrlEnv } = options;
  const ports = {
    repository: namedCommits({ directory, env }),
    files: committedFiles({ directory, env }),
    reader: migrationReader,
  };
  const { from, to, none } = options;
  const request = { from, to, none };
  const { report, live } = await auditMigrations(
    ports,
    patterns === undefined ? request : { ...request, select: matcherOf(patterns) },
  );
  return databaseUrlEnv === undefined
    ? report
    : await withDatabase(report, live, urlIn(databaseUrlEnv, env));
}

/** @throws BackoutError E_ENVIRONMENT_NAME, E_SECRET_MISSING, E_POSTGRES_URL (usage) */
function urlIn(name: string, env: EnvironmentVariables): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new BackoutError({
      code: 'E_ENVIRONMENT_NAME',
      kind: 'usage',
      // Not shown: it may be the address itself, with its password.
      message: 'What stands behind --database-url-env is not the name of a variable.',
      remedy: 'Put the address into a variable and name it: --database-url-env DATABASE_URL.',
    });
  }
  const url = env[name];
  if (url !== undefined && /^postgres(ql)?:\/\//i.test(url)) return url;
  if (url !== undefined && url !== '') {
    throw new BackoutError({
      code: 'E_POSTGRES_URL',
      kind: 'usage',
      message: `What the environment variable ${name} holds is not a PostgreSQL URL.`,
      remedy: 'Write it as postgres://user:password@host:5432/database and run the command again.',
    });
  }
  throw new BackoutError({
    code: 'E_SECRET_MISSING',
    kind: 'usage',
    message: `The environment variable ${name} is ${url === undefined ? 'not set' : 'empty'}.`,
    remedy: `Set ${name} where this command runs, or leave --database-url-env out.`,
  });
}

/** Adds what the database says. @throws BackoutError E_MIGRATION_HISTORY_MISSING (refused) */
async function withDatabase(
  report: AuditReport,
  live: readonly ReadFile[],
  url: string,
): Promise<AuditReport> {
  const histories = await readMigrationHistories({ url });
  if (histories.length === 0) {
    throw new BackoutError({
      code: 'E_MIGRATION_HISTORY_MISSING',
      kind: 'refused',
      message:
        'The database has no table of a migration tool that is known here, or the role may not see it.',
      remedy: 'See docs/audit.md for the tools; or audit without --database-url-env.',
    });
  }
  const databases = histories.map((history) =>
    compareApplied(history, presentFor(history.tool, live, flywayChecksum)),
  );
  return { ...report, databases, verdict: verdictOf({ ...report, databases }) };
}

/** CRC-32 over the lines, as a signed number. */
const flywayChecksum = (content: Uint8Array): string => String(crc32(flywayLines(content)) | 0);

/** Whether a path matches any of the patterns. */
export function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  const globs = patterns.flatMap((pattern) => {
    const plain = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
    return plain === '.' ? ['**'] : [plain, `${plain}/**`];
  });
  return (path) => globs.some((glob) => posix.matchesGlob(path, glob));
}
