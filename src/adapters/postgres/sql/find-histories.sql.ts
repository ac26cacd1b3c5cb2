/** Tables of migration tools: schema, name, and whether they have a column `dirty`. */
export const findHistoriesSql = `
select n.nspname::text, c.relname::text,
       exists (select 1 from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attname = 'dirty' and not a.attisdropped)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p')
   and c.relname in ('flyway_schema_history', '_prisma_migrations', '__drizzle_migrations',
                     'knex_migrations', 'pgmigrations', 'schema_migrations', 'goose_db_version')
   and n.nspname not like 'pg\\_%'
 order by 1, 2`;
