import { entryColumns } from './entry-columns.ts';

/** $1–$12: the columns of an entry, in their order. */
export const appendEntry = `
  insert into backout.journal (${entryColumns})
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12)
`;
