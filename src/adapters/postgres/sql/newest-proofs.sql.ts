/**
 * $1 service, $2 environment. Of executions that ended done, the newest of each level and kind.
 *
 * The plan is in the entry of the beginning, which is found by its key. Maintenance has no level;
 * its flag test is the one whose plan has a running service prove a flag group.
 */
export const newestProofs = `
  select distinct on (level, by) level, by, at, took_ms, budget_ms, incident
    from (
      select
        coalesce(
          started.data #>> '{plan,level}',
          case
            when started.data #> '{plan,steps}' @> '[{"action": {"kind": "prove-flag-group"}}]'
            then 'flags'
          end) as level,
        case when started.data #> '{plan,level}' is null then 'flag-test' else 'rollback' end as by,
        ended.at,
        ended.data -> 'within_budget_ms' as took_ms,
        started.data #> '{plan,budget_ms}' as budget_ms,
        ended.incident
      from backout.journal as ended
      join backout.journal as started
        on started.service = ended.service
       and started.environment = ended.environment
       and started.key = ended.incident || '/' || (ended.data ->> 'execution') || '/started'
       and started.kind = 'execution-started'
      where ended.service = $1
        and ended.environment = $2
        and ended.kind = 'execution-ended'
        and ended.data ->> 'outcome' = 'done'
    ) as proven
   where level is not null
   order by level, by, at desc
`;
