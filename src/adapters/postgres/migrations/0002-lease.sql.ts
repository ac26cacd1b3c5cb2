/**
 * Exclusive rights. A row stays for ever, because its fence does: `-infinity` means given back.
 * The trigger keeps what the targets rely on when they refuse an older holder: for one resource,
 * two holders never have the same fence, and it never gets smaller.
 */
export const lease = `
  create table backout.lease (
    resource text primary key check (octet_length(resource) between 1 and 1000),
    holder text not null,
    incident text not null,
    fence bigint not null check (fence >= 0),
    expires_at timestamptz not null
  );

  create function backout.keep_fence() returns trigger
    language plpgsql
    set search_path = pg_catalog
    as $$
    begin
      if new.resource is distinct from old.resource or new.fence < old.fence
        or (new.fence = old.fence
            and (new.holder, new.incident) is distinct from (old.holder, old.incident))
      then
        raise exception 'the fence of % would not grow: % to %', old.resource, old.fence, new.fence
          using errcode = 'restrict_violation',
                hint = 'A lease is taken over with a higher fence, or not at all.';
      end if;
      return new;
    end
    $$;

  create trigger keep_fence
    before update on backout.lease
    for each row execute function backout.keep_fence();
  alter table backout.lease enable always trigger keep_fence;

  create trigger keep_rows
    before delete or truncate on backout.lease
    for each statement execute function backout.refuse_change();
  alter table backout.lease enable always trigger keep_rows;
`;
