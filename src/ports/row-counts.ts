/** Counts the rows of the configured tables of one database. */
export interface RowCounter {
  /** Name of the database in `backout.yml`. */
  readonly database: string;
  readonly tables: readonly string[];
  /** Rows by table, all of one moment. @throws when one of them cannot be counted in time */
  count(signal: AbortSignal): Promise<Record<string, number>>;
}
