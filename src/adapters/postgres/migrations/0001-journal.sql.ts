/**
 * The append-only record.
 *
 * What the code promises is held here once more, by constraints: an idempotency key is used once;
 * an incident's entries are numbered without gaps, and each names the hash of the one before it
 * (the foreign key, through the generated column `prior`).
 */
export const journal = `
  create table backout.journal (
    service text not null,
    environment text not null,
    incident text not null,
    key text not null check (octet_length(key) between 1 and 1000),
    kind text not null check (kind <> ''),
    at timestamptz not null,
    actor text not null,
    text text not null,
    data jsonb not null check (jsonb_typeof(data) = 'object'),
    seq integer not null check (seq >= 1),
    previous text not null check (previous ~ '^[0-9a-f]{64}$'),
    hash text not null check (hash ~ '^[0-9a-f]{64}$'),
    stored_at timestamptz not null default clock_timestamp(),
    prior integer generated always as (nullif(seq - 1, 0)) stored,
    primary key (service, environment, incident, seq),
    unique (service, environment, key),
    unique (service, environment, incident, seq, hash),
    foreign key (service, environment, incident, prior, previous)
      references backout.journal (service, environment, incident, seq, hash),
    check ((seq = 1) = (previous = repeat('0', 64))),
    check (octet_length(service) + octet_length(environment) + octet_length(incident) <= 1000)
  );

  create function backout.refuse_change() returns trigger
    language plpgsql
    set search_path = pg_catalog
    as $$
    begin
      raise exception 'backout.% is append-only: % is refused', tg_table_name, tg_op
        using errcode = 'restrict_violation',
              hint = 'What is recorded stays. To correct an entry, append a note that says so.';
    end
    $$;

  create trigger append_only
    before update or delete or truncate on backout.journal
    for each statement execute function backout.refuse_change();

  -- Also in a session that calls itself a replica, which ordinary triggers ignore.
  alter table backout.journal enable always trigger append_only;

  comment on table backout.journal is
    'Append-only record of Backout. People read backout.timeline and backout.incident.';
`;
