import { entryColumns } from './entry-columns.ts';

/** $1 service, $2 environment, $3 incident. */
export const readEntries = `
  select ${entryColumns}
    from backout.journal
   where service = $1 and environment = $2 and incident = $3
   order by seq
`;
