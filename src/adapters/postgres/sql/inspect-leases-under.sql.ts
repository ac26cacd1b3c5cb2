/** $1 beginning of their resource, taken literally. Those that are held now. */
export const inspectLeasesUnder = `
  select resource, holder, incident, fence, expires_at
    from backout.lease
   where starts_with(resource, $1::text)
     and expires_at > clock_timestamp()
   order by resource collate "C"
`;
