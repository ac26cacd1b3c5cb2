/**
 * $1 resources, $2 holder, $3 incident, $4 milliseconds. Takes the free ones; one that is ours and
 * still runs keeps its fence. Run after lock-leases: the database's clock is read behind the wait.
 */
export const takeLeases = `
  update backout.lease
     set fence = case when expires_at > clock_timestamp() then fence else fence + 1 end,
         holder = $2,
         incident = $3,
         expires_at = greatest(expires_at, clock_timestamp() + $4 * interval '1 millisecond')
   where resource = any ($1::text[])
     and (expires_at <= clock_timestamp() or (holder = $2 and incident = $3))
  returning resource, holder, incident, fence, expires_at
`;
