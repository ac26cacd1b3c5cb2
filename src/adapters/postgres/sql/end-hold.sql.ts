/** Whether this hold is the one that is meant. */
const isMeant = `($4::timestamptz is null or hold_at = $4::timestamptz)`;

/**
 * $1 service, $2 environment, $3 tag; $4 when the hold was put that is meant, null for whichever
 * there is. Bad ends with it: the release has to prove itself anew.
 */
export const endHold = `
  update backout.release
     set status = case when status = 'bad' and ${isMeant} then 'deployed' else status end,
         hold_reason = case when ${isMeant} then null else hold_reason end,
         hold_incident = case when ${isMeant} then null else hold_incident end,
         hold_by = case when ${isMeant} then null else hold_by end,
         hold_at = case when ${isMeant} then null else hold_at end
   where service = $1 and environment = $2 and tag = $3
  returning tag
`;
