/** Until the transaction ends, nobody else changes the schema. */
export const lockSchema = `
  select pg_advisory_xact_lock(hashtextextended('backout schema', 0))
`;
