/** One row: what there is before we know whether the schema exists. */
export const findSchema = `
  select
    to_regclass('backout.migration') is not null as migrated,
    getdatabaseencoding() as encoding,
    exists (select from pg_roles where rolname = 'backout_writer') as writer_exists,
    coalesce(
      (select rolcreaterole or rolsuper from pg_roles where rolname = current_user),
      false) as may_create_roles
`;
