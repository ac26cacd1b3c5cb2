import { entryColumns } from './entry-columns.ts';

/**
 * $1 service, $2 environment, $3 incident, $4 key. At most two rows: the entry that has the key
 * already, and the last entry of the incident.
 */
export const findPlace = `
  (select 'same-key' as role, ${entryColumns}
     from backout.journal
    where service = $1 and environment = $2 and key = $4)
  union all
  (select 'last' as role, ${entryColumns}
     from backout.journal
    where service = $1 and environment = $2 and incident = $3
    order by seq desc
    limit 1)
`;
