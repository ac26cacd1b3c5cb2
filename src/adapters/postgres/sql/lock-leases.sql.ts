/** $1 resources. Until the transaction ends, their rows are ours; locked in the order of sorting. */
export const lockLeases = `
  select resource
    from backout.lease
   where resource = any ($1::text[])
   order by resource collate "C"
     for update
`;
