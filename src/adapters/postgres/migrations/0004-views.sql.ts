/**
 * For people, and for \`incident list\`. Incidents are read off the journal each time: a table of
 * their own could say something else than the journal does.
 *
 * An incident whose opening still lies in some machine's spool is listed with its first entry's
 * time and text, and the rule \`unknown\` (src/model/journal-rules.ts, incidentsOf).
 */
export const views = `
  create view backout.incident as
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
          (array_agg(kind = 'incident-closed' order by seq desc)
            filter (where kind in ('incident-opened', 'incident-closed')))[1],
          false) as closes,
        (array_agg(at order by seq desc)
          filter (where kind in ('incident-opened', 'incident-closed')))[1] as turned_at
      from backout.journal
      group by service, environment, incident
    ) as told;

  create view backout.timeline as
    select
      entry.service,
      entry.environment,
      entry.incident,
      entry.seq,
      to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') as at,
      entry.at - incident.opened_at as after_opening,
      entry.kind,
      entry.actor,
      entry.text
    from backout.journal as entry
    join backout.incident as incident
      on incident.service = entry.service
     and incident.environment = entry.environment
     and incident.id = entry.incident
    order by incident.opened_at desc, entry.incident, entry.seq;
`;
