/**
 * $1 resources, $2 holders, $3 incidents, $4 fences, one of each per lease. The rows stay, with
 * their fences. Also one that has run out already: its fence is then the last one we had.
 */
export const giveBackLeases = `
  update backout.lease
     set expires_at = '-infinity'
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
      as ours (resource, holder, incident, fence)
   where lease.resource = ours.resource
     and lease.holder = ours.holder
     and lease.incident = ours.incident
     and lease.fence = ours.fence
`;
