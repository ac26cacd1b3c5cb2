/**
 * $1 service, $2 environment, $3 tag; $4 reason, $5 incident or null, $6 by, $7 at. A hold that is
 * there already stays as it is.
 */
export const holdRelease = `
  update backout.release
     set hold_reason = coalesce(hold_reason, $4),
         hold_incident = case when hold_reason is null then $5 else hold_incident end,
         hold_by = coalesce(hold_by, $6),
         hold_at = coalesce(hold_at, $7)
   where service = $1 and environment = $2 and tag = $3
  returning tag
`;
