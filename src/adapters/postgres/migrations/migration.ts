import { createHash } from 'node:crypto';

/** One step of the schema. Once released it is never edited: a later step corrects it. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  number: number;
  name: string;
  /**
   * True when code that does not know this step keeps working after it: new tables, new columns
   * with defaults, new views. Almost always possible; a step that is not makes older code refuse.
   */
  additive: boolean;
  sql: string;
}

/** SHA-256 of the step's SQL, 64 hexadecimal digits: shows an edit after the fact. */
export function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}
