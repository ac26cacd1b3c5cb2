/** $1 service, $2 environment, $3 tag. Bad ends with it: the release has to prove itself anew. */
export const endHold = `
  update backout.release
     set status = case when status = 'bad' then 'deployed' else status end,
         hold_reason = null, hold_incident = null, hold_by = null, hold_at = null
   where service = $1 and environment = $2 and tag = $3
  returning tag
`;
