/** What was deployed where, and how it turned out. A recorded commit never changes. */
export const release = `
  create table backout.release (
    service text not null,
    environment text not null,
    tag text not null check (tag <> ''),
    commit text not null check (commit <> ''),
    status text not null check (status in ('deployed', 'baking', 'good', 'bad')),
    deployed_at timestamptz not null,
    hold_reason text,
    hold_incident text,
    hold_by text,
    hold_at timestamptz,
    primary key (service, environment, tag),
    check (
      (hold_reason is null and hold_incident is null and hold_by is null and hold_at is null)
      or (hold_reason is not null and hold_by is not null and hold_at is not null)
    )
  );

  create function backout.keep_commit() returns trigger
    language plpgsql
    set search_path = pg_catalog
    as $$
    begin
      if (new.service, new.environment, new.tag, new.commit)
        is distinct from (old.service, old.environment, old.tag, old.commit)
      then
        raise exception 'release % was recorded as commit %', old.tag, old.commit
          using errcode = 'restrict_violation', hint = 'A moved tag is never recorded.';
      end if;
      return new;
    end
    $$;

  create trigger keep_commit
    before update on backout.release
    for each row execute function backout.keep_commit();
`;
