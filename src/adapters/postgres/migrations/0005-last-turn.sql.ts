/**
 * Whether an incident is open is what happened last, and no longer what was stored last: an opening
 * that arrives a day late, out of a spool, does not open what was closed meanwhile. At the same
 * instant the closing counts (src/model/journal-rules.ts, lastTurn).
 */
export const lastTurn = `
  create or replace view backout.incident as
    select
      service,
      environment,
      id,
      case when closes then 'closed' else 'open' end as status,
      opened_at,
      case when closes then turned_at end as closed_at,
      reason,
      rule,
      opened_by
    from (
      select
        service,
        environment,
        incident as id,
        (array_agg(at order by kind <> 'incident-opened', seq))[1] as opened_at,
        (array_agg(actor order by kind <> 'incident-opened', seq))[1] as opened_by,
        (array_agg(
          case when jsonb_typeof(data -> 'reason') = 'string' then data ->> 'reason' else text end
          order by kind <> 'incident-opened', seq))[1] as reason,
        (array_agg(
          case
            when jsonb_typeof(data -> 'rule') = 'string' then data ->> 'rule'
            when kind = 'incident-opened' then 'manual'
            else 'unknown'
          end
          order by kind <> 'incident-opened', seq))[1] as rule,
        coalesce(
          (array_agg(kind = 'incident-closed' order by at desc, kind = 'incident-closed' desc)
            filter (where kind in ('incident-opened', 'incident-closed')))[1],
          false) as closes,
        max(at) filter (where kind in ('incident-opened', 'incident-closed')) as turned_at
      from backout.journal
      group by service, environment, incident
    ) as told;
`;
