/** Where the schema remembers its steps. Run under the lock of lock-schema. */
export const createMigrationTable = `
  create schema if not exists backout;
  create table if not exists backout.migration (
    number integer primary key,
    name text not null,
    additive boolean not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
  );
`;
