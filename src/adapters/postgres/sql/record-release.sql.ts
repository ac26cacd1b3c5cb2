import { releaseColumns } from './release-columns.ts';

/**
 * $1 service, $2 environment, $3 tag, $4 commit, $5 when it went live. No row when the tag was
 * recorded with another commit. A record that arrives late does not turn the time back.
 */
export const recordRelease = `
  insert into backout.release as known
    (service, environment, tag, commit, status, deployed_at)
  values ($1, $2, $3, $4, 'deployed', $5)
  on conflict (service, environment, tag) do update
     set deployed_at = greatest(known.deployed_at, excluded.deployed_at)
   where known.commit = excluded.commit
  returning ${releaseColumns}
`;
