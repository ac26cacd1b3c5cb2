import { releaseColumns } from './release-columns.ts';

/**
 * $1 service, $2 environment, $3 tag, $4 commit, $5 when it went live, $6 details. No row when the
 * tag was recorded with another commit. A record that arrives late turns neither the time back nor
 * what was said since; artefacts add up by target (model/release-rules.ts mergeDetails).
 */
export const recordRelease = `
  insert into backout.release as known
    (service, environment, tag, commit, status, deployed_at, details)
  values ($1, $2, $3, $4, 'deployed', $5, $6::jsonb)
  on conflict (service, environment, tag) do update
     set deployed_at = greatest(known.deployed_at, excluded.deployed_at),
         details = (
           select (older.details || newer.details) || case
                    when older.details ? 'artefacts' and newer.details ? 'artefacts'
                    then jsonb_build_object(
                           'artefacts',
                           (older.details -> 'artefacts') || (newer.details -> 'artefacts'))
                    else '{}'::jsonb
                  end
             from (select case when excluded.deployed_at < known.deployed_at
                               then excluded.details else known.details end as details) as older,
                  (select case when excluded.deployed_at < known.deployed_at
                               then known.details else excluded.details end as details) as newer
         )
   where known.commit = excluded.commit
  returning ${releaseColumns}
`;
