/** `backout audit` on real repositories, in the layouts of the tools that docs/audit.md lists. */
import { describe, expect, test } from 'vitest';
import { auditJson, DROP, type Files, repository, SAFE, USERS } from './audit-support.ts';

describe('Each layout is recognised, and only what runs forward counts', () => {
  const layouts: [tool: string, old: Files, added: Files, file: string][] = [
    [
      'dbmate',
      {
        'db/migrations/20250101_users.sql': `-- migrate:up\n${USERS}\n-- migrate:down\nDROP TABLE users;\n`,
      },
      {
        'db/migrations/20250102_phone.sql': `-- migrate:up transaction:false\n${SAFE}\n-- migrate:down\n${DROP}`,
      },
      'db/migrations/20250102_phone.sql',
    ],
    [
      'goose',
      { 'migrations/00001_users.sql': `-- +goose Up\n${USERS}-- +goose Down\nDROP TABLE users;\n` },
      {
        'migrations/00002_phone.sql': `-- +goose Up\n-- +goose StatementBegin\n${SAFE}-- +goose StatementEnd\n-- +goose Down\n${DROP}`,
      },
      'migrations/00002_phone.sql',
    ],
    [
      'sql-migrate',
      {
        'migrations/00001_users.sql': `-- +migrate Up\n${USERS}-- +migrate Down\nDROP TABLE users;\n`,
      },
      {
        'migrations/00002_phone.sql': `-- +migrate Up\n-- +migrate StatementBegin\n${SAFE}-- +migrate StatementEnd\n-- +migrate Down\n${DROP}`,
      },
      'migrations/00002_phone.sql',
    ],
    [
      'golang-migrate',
      {
        'migrate/000001_users.up.sql': USERS,
        'migrate/000001_users.down.sql': 'DROP TABLE users;',
      },
      { 'migrate/000002_phone.up.sql': SAFE, 'migrate/000002_phone.down.sql': DROP },
      'migrate/000002_phone.up.sql',
    ],
    [
      'golang-migrate',
      {
        'db/migrations/1_users_up.sql': USERS,
        'db/migrations/1_users_down.sql': 'DROP TABLE users;',
      },
      { 'db/migrations/2_phone_up.sql': SAFE, 'db/migrations/2_phone_down.sql': DROP },
      'db/migrations/2_phone_up.sql',
    ],
    [
      'flyway',
      { 'src/main/resources/db/migration/V1__users.sql': USERS },
      {
        'src/main/resources/db/migration/V1_1__phone.sql': SAFE,
        'src/main/resources/db/migration/U1_1__phone.sql': DROP,
      },
      'src/main/resources/db/migration/V1_1__phone.sql',
    ],
    [
      'prisma',
      {
        'prisma/migrations/20250101_users/migration.sql': USERS,
        'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
      },
      { 'prisma/migrations/20250102_phone/migration.sql': SAFE },
      'prisma/migrations/20250102_phone/migration.sql',
    ],
    [
      'drizzle',
      {
        'drizzle/0000_users.sql': USERS,
        'drizzle/meta/_journal.json': '{ "version": "7", "dialect": "postgresql", "entries": [] }',
      },
      { 'drizzle/0001_phone.sql': SAFE.trimEnd() + '--> statement-breakpoint\n' },
      'drizzle/0001_phone.sql',
    ],
    [
      'node-pg-migrate',
      {
        'migrations/1700000000000_users.sql': `-- Up Migration\n${USERS}-- Down Migration\nDROP TABLE users;\n`,
      },
      {
        'migrations/1700000000001_phone.sql': `-- Up Migration\n${SAFE}-- Down Migration\n${DROP}`,
      },
      'migrations/1700000000001_phone.sql',
    ],
    [
      'node-pg-migrate',
      {
        'migrations/1_users.js': `exports.up = (pgm) => { pgm.createTable('users', { id: 'id' }); };`,
      },
      {
        'migrations/2_phone.ts': `export const up = (pgm: any): void => { pgm.addColumn('users', { phone: 'text' }); };
          export const down = (pgm: any): void => { pgm.dropTable('users'); };`,
      },
      'migrations/2_phone.ts',
    ],
    [
      'knex',
      { 'migrations/20250101_users.js': `exports.up = (knex) => knex.raw('${USERS.trim()}');` },
      {
        'migrations/20250102_phone.js': `exports.up = (knex) => knex.schema.table('users', (t) => { t.text('phone'); });
          exports.down = (knex) => knex.schema.dropTable('users');`,
      },
      'migrations/20250102_phone.js',
    ],
    [
      'unknown',
      { 'sql/migrations/001.sql': USERS },
      { 'sql/migrations/002.sql': SAFE },
      'sql/migrations/002.sql',
    ],
    [
      'unknown',
      {
        'migrations/2025-01-01-a/up.sql': USERS,
        'migrations/2025-01-01-a/down.sql': 'DROP TABLE users;',
      },
      { 'migrations/2025-01-02-b/up.sql': SAFE, 'migrations/2025-01-02-b/down.sql': DROP },
      'migrations/2025-01-02-b/up.sql',
    ],
  ];

  test.each(layouts)('%s: %o', async (tool, old, added, file) => {
    await using git = await repository(old, added);
    const found = await auditJson(git);
    expect(found).toMatchObject({ code: 0, verdict: 'safe', folders: [{ tool, added: 1 }] });
    expect(found.migrations.map((one) => one.file)).toEqual([file]);
    expect(found.migrations[0]?.kind).toBe('additive');
  });
});

describe('A mark of one tool in the file of another is a comment', () => {
  test.each([
    ['Prisma', 'prisma/migrations/2_x/migration.sql'],
    ['golang-migrate', 'migrate/2_x.up.sql'],
    ['Flyway', 'db/migration/V2__x.sql'],
    ['no tool, with the mark for down first', 'migrations/2_x.sql'],
  ])('%s', async (_, path) => {
    await using git = await repository({}, { [path]: `${SAFE}-- migrate:down\n${DROP}` });
    expect(await auditJson(git)).toMatchObject({ code: 4, verdict: 'breaking' });
  });

  test('Drizzle', async () => {
    const journal = { 'drizzle/meta/_journal.json': '{ "dialect": "postgresql" }' };
    const sql = `-- migrate:up\n${SAFE}-- migrate:down\n${DROP}`;
    await using git = await repository(journal, { 'drizzle/0002_x.sql': sql });
    expect(await auditJson(git)).toMatchObject({ verdict: 'breaking' });
  });

  test('A name that only sounds like going down runs forward.', async () => {
    await using git = await repository({}, { 'migrations/3_tear_down.sql': DROP });
    expect(await auditJson(git)).toMatchObject({ verdict: 'breaking' });
  });
});
