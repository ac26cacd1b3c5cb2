import { releaseColumns } from './release-columns.ts';

/** $1 service, $2 environment, $3 tag. */
export const findRelease = `
  select ${releaseColumns}
    from backout.release
   where service = $1 and environment = $2 and tag = $3
`;
