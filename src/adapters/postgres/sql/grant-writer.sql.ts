/**
 * The role for daily work: it can add to the journal and read it, and nothing else. Roles belong
 * to the whole server, so another database's migration may create it at the same moment.
 */
export const grantWriter = `
  do $$
  begin
    if not exists (select from pg_roles where rolname = 'backout_writer') then
      create role backout_writer nologin;
    end if;
  exception when duplicate_object or unique_violation then
    null;
  end
  $$;
  grant usage on schema backout to backout_writer;
  grant select, insert on backout.journal to backout_writer;
  grant select, insert, update on backout.lease, backout.release to backout_writer;
  grant select on backout.incident, backout.timeline, backout.migration to backout_writer;
`;
