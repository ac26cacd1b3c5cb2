import { escapeIdentifier } from 'pg';
import type { RowCounter } from '../../ports/row-counts.ts';
import { readOnce } from './read-once.ts';

export interface RowCountOptions {
  database: string;
  url: string;
  /** `orders` or `shop.orders`. */
  tables: readonly string[];
  /** For all tables together, in milliseconds. */
  timeoutMs: number;
}

/** All tables in one statement: numbers of one snapshot can be compared with each other. */
export function postgresRowCounts(options: RowCountOptions): RowCounter {
  const { database, url, tables, timeoutMs } = options;
  const columns = tables.map((table) => {
    const name = table.split('.').map(escapeIdentifier).join('.');
    return `(select count(*) from ${name})`;
  });
  return {
    database,
    tables,
    async count(signal) {
      const query = `select ${columns.join(', ')}`;
      const [counts = []] = await readOnce({ url, query, timeoutMs, signal });
      return Object.fromEntries(tables.map((table, index) => [table, Number(counts[index])]));
    },
  };
}
