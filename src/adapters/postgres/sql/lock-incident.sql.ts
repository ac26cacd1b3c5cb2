/**
 * $1: what to lock, as text. Until the transaction ends, nobody else appends to this incident. Two
 * incidents whose names hash alike only wait for each other.
 */
export const lockIncident = `
  select pg_advisory_xact_lock(hashtextextended('backout journal ' || $1, 0))
`;
