/** $1 resources. A row for each, in one order for everybody, so that nobody waits in a circle. */
export const ensureLeases = `
  insert into backout.lease (resource, holder, incident, fence, expires_at)
  select resource, '', '', 0, '-infinity'
    from unnest($1::text[]) as resource
   order by resource collate "C"
  on conflict (resource) do nothing
`;
