/** $1 service, $2 environment, $3 most rows. */
export const listIncidents = `
  select id, service, environment, status, opened_at, closed_at, reason, rule, opened_by
    from backout.incident
   where service = $1 and environment = $2
   order by opened_at desc, id collate "C"
   limit $3
`;
