/** $1 resources. Those that are held now. */
export const inspectLeases = `
  select resource, holder, incident, fence, expires_at
    from backout.lease
   where resource = any ($1::text[])
     and expires_at > clock_timestamp()
   order by resource collate "C"
`;
