import type { MigrationReader } from '../../ports/migrations.ts';
import { essenceOf } from '../sql/essence.ts';
import { loadSqlParser } from '../sql/parse-sql.ts';
import { readScript } from './read-script.ts';

/** Reads migrations in SQL, JavaScript and TypeScript, without running any. */
export async function migrationReader(): Promise<MigrationReader> {
  const parseSql = await loadSqlParser();
  return {
    sql: (text) => parseSql(text),
    script: (path, text) => readScript(parseSql, path, text),
    essence: essenceOf,
  };
}
