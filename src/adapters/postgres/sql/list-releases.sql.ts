import { releaseColumns } from './release-columns.ts';

/** $1 service, $2 environment. Last live first. */
export const listReleases = `
  select ${releaseColumns}
    from backout.release
   where service = $1 and environment = $2
   order by deployed_at desc, tag collate "C"
`;
