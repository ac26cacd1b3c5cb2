/** $1 service, $2 environment, $3 tag. */
export const endHold = `
  update backout.release
     set hold_reason = null, hold_incident = null, hold_by = null, hold_at = null
   where service = $1 and environment = $2 and tag = $3
  returning tag
`;
