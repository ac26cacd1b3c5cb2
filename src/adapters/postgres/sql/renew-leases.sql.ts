/**
 * $1 resources, $2 holders, $3 incidents, $4 fences, one of each per lease; $5 milliseconds.
 * Extends those that are still just so and still run.
 */
export const renewLeases = `
  update backout.lease
     set expires_at = greatest(expires_at, clock_timestamp() + $5 * interval '1 millisecond')
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
      as ours (resource, holder, incident, fence)
   where lease.resource = ours.resource
     and lease.holder = ours.holder
     and lease.incident = ours.incident
     and lease.fence = ours.fence
     and lease.expires_at > clock_timestamp()
  returning lease.resource, lease.holder, lease.incident, lease.fence, lease.expires_at
`;
