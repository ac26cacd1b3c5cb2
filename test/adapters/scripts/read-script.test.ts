import { describe, expect, test } from 'vitest';
import { readScript } from '../../../src/adapters/scripts/read-script.ts';
import { loadSqlParser } from '../../../src/adapters/sql/parse-sql.ts';
import { auditStatements } from '../../../src/model/migration/audit-statements.ts';
import type { Kind } from '../../../src/model/migration/finding.ts';

const parseSql = await loadSqlParser();
const OLD = `
  CREATE TABLE users (id serial PRIMARY KEY, name text, email varchar(100) NOT NULL, age int,
    CONSTRAINT users_email_unique UNIQUE (email));
  CREATE INDEX users_name_index ON users (name);`;

function audit(text: string, path = 'migrations/0002_x.js') {
  const reading = readScript(parseSql, path, text);
  if (reading.kind === 'helper') return { tool: 'helper', findings: [] };
  const old = [{ file: 'old.sql', statements: parseSql(OLD) }];
  const findings = auditStatements(old, [{ file: path, statements: reading.statements }]);
  return { tool: reading.tool, findings };
}

const kindsOf = (text: string, path?: string): Kind[] =>
  audit(text, path).findings.map(({ kind }) => kind);

const pgm: [code: string, ...kinds: Kind[]][] = [
  [`pgm.addColumn('users', { phone: { type: 'text' } });`, 'additive'],
  [
    `pgm.addColumns('users', { phone: 'varchar(20)', x: { type: 'int', notNull: true, default: 0 } });`,
    'additive',
  ],
  [`pgm.addColumns('users', { phone: { type: 'text', notNull: true } });`, 'breaking'],
  [
    `pgm.addColumns('users', { at: { type: 'timestamptz', notNull: true, default: pgm.func('now()') } });`,
    'additive',
  ],
  [`pgm.addColumns('users', { at: 'createdAt' });`, 'needs-a-human'],
  [`pgm.addColumns('users', { at: { type: 'text', notNull: isStrict } });`, 'needs-a-human'],
  [`pgm.addColumns('users', columns);`, 'needs-a-human'],
  [`pgm.addColumns('users', { ...columns });`, 'needs-a-human'],
  [`pgm.addColumns('users', { c: { type: 'text -- ', notNull: true } });`, 'needs-a-human'],
  [`pgm.addColumns('users', { c: { type: 'text', unheardOf: 1 } });`, 'needs-a-human'],
  [`pgm.addColumns('users', { c: { type: 'int', references: 'users' } });`, 'compatible'],
  [
    `pgm.addColumns('users', { c: { type: 'int', references: 'users', onDelete: 'CASCADE' } });`,
    'additive',
  ],
  [`pgm.dropColumn('users', 'name');`, 'breaking'],
  [`pgm.dropColumns('users', ['name', 'age'], { ifExists: true });`, 'breaking'],
  [`pgm.renameColumn('users', 'name', 'full_name');`, 'breaking'],
  [`pgm.renameTable('users', 'people');`, 'breaking'],
  [`pgm.dropTable({ schema: 'public', name: 'users' }, { cascade: true });`, 'breaking'],
  [`pgm.alterColumn('users', 'name', { notNull: true });`, 'breaking'],
  [`pgm.alterColumn('users', 'name', { notNull: false });`, 'compatible'],
  [`pgm.alterColumn('users', 'name', { allowNull: true });`, 'compatible'],
  [`pgm.alterColumn('users', 'email', { type: 'varchar(200)' });`, 'compatible'],
  [`pgm.alterColumn('users', 'age', { type: 'bigint' });`, 'breaking'],
  [`pgm.alterColumn('users', 'name', { default: null });`, 'compatible'],
  [`pgm.alterColumn('users', 'name', { generated: { precedence: 'ALWAYS' } });`, 'needs-a-human'],
  [`pgm.createTable('teams', { id: 'id', name: { type: 'text', notNull: true } });`, 'additive'],
  [
    `pgm.createTable('teams', { id: 'id' });
     pgm.addColumns('teams', { x: { type: 'text', notNull: true } });
     pgm.dropTable('teams');`,
    'additive',
    'additive',
    'compatible',
  ],
  [
    `pgm.createTable('teams', { id: 'id' }, { ifNotExists: true }); pgm.dropTable('teams');`,
    'additive',
    'breaking',
  ],
  [
    `pgm.createTable('teams', { id: 'id', u: 'int' }, { constraints: { foreignKeys: { columns: 'u', references: 'users' } } });`,
    'additive',
    'compatible',
  ],
  [`pgm.createIndex('users', 'name');`, 'additive'],
  [`pgm.createIndex('users', ['name', 'age'], { unique: true });`, 'breaking'],
  [`pgm.createIndex('users', 'lower(name)');`, 'additive'],
  [`pgm.dropIndex('users', 'name');`, 'compatible'],
  [`pgm.addConstraint('users', 'c', 'CHECK (age > 0)');`, 'breaking'],
  [`pgm.addConstraint('users', 'c', { unique: ['name'] });`, 'breaking'],
  [`pgm.dropConstraint('users', 'users_email_unique');`, 'needs-a-human'],
  [`pgm.createType('mood', ['sad', 'happy']);`, 'additive'],
  [`pgm.addTypeValue('mood', 'odd');`, 'compatible'],
  [`pgm.renameTypeValue('mood', 'odd', 'even');`, 'breaking'],
  [`pgm.createExtension(['pgcrypto', 'citext'], { ifNotExists: true });`, 'additive', 'additive'],
  [`pgm.createTrigger('users', 't', { when: 'BEFORE' });`, 'needs-a-human'],
  ['pgm.sql(`ALTER TABLE users\n  DROP COLUMN name; SELECT 1`);', 'breaking', 'compatible'],
  ['pgm.sql(`DROP TABLE ${table}`);', 'needs-a-human'],
  ['pgm.sql(`DROP TABLE ${USERS}`);', 'breaking'],
  [`pgm.sql('DROP TABLE {x}', { x: 'users' });`, 'needs-a-human'],
  ['pgm.sql`DROP TABLE users`;', 'breaking'],
  [`pgm.noTransaction();`],
  [`if (x) pgm.dropTable('users');`, 'needs-a-human'],
  [`for (const t of ['users']) pgm.dropTable(t);`, 'needs-a-human'],
  [`await pgm.db.query('DROP TABLE users');`, 'needs-a-human'],
  [`helper(pgm);`, 'needs-a-human'],
  [`pgm['dropTable']('users');`, 'needs-a-human'],
  [`const { rows } = await pgm.db.query('x');`, 'needs-a-human'],
  [`const t = 'users'; pgm.dropColumn(t, 'name');`, 'breaking'],
  [`let t = 'users'; pgm.dropColumn(t, 'name');`, 'needs-a-human', 'needs-a-human'],
  [`try { pgm.dropTable('users'); } catch {}`, 'needs-a-human'],
];

pgm.push(
  [`pgm.alterColumn('users', 'age', { type: 'int', notNull: isStrict });`, 'needs-a-human'],
  [`pgm.createIndex('users', 'name', { unique });`, 'needs-a-human'],
  [`pgm.dropIndex('users', 'name', options);`, 'needs-a-human'],
);

test.each(pgm)('node-pg-migrate: %s', (code, ...kinds) => {
  const script = `const USERS = 'users';\nexports.up = async (pgm) => { ${code} };\nexports.down = (pgm) => { pgm.dropTable('users'); };`;
  expect(kindsOf(script)).toEqual(kinds);
});

const knex: [code: string, ...kinds: Kind[]][] = [
  [
    `return knex.schema.createTable('teams', (t) => { t.increments('id'); t.string('name').notNullable(); t.timestamps(true, true); });`,
    'additive',
    'additive',
    'additive',
  ],
  [
    `await knex.schema.alterTable('users', (t) => { t.string('phone'); t.boolean('ok').notNullable().defaultTo(false); });`,
    'additive',
    'additive',
  ],
  [`await knex.schema.table('users', function (t) { t.integer('x').notNullable(); });`, 'breaking'],
  [`await knex.schema.table('users', (t) => { t.integer('x').nullable(false); });`, 'breaking'],
  [
    `await knex.schema.table('users', (t) => { t.timestamp('seen').notNullable().defaultTo(knex.fn.now()); });`,
    'additive',
  ],
  [
    `await knex.schema.table('users', (t) => { t.integer('team').references('id').inTable('users').onDelete('CASCADE'); });`,
    'additive',
  ],
  [
    `await knex.schema.table('users', (t) => { t.integer('team').references('users.id'); });`,
    'compatible',
  ],
  [`await knex.schema.table('users', (t) => { t.dropColumn('name'); });`, 'breaking'],
  [`await knex.schema.table('users', (t) => t.renameColumn('name', 'n'));`, 'breaking'],
  [`await knex.schema.table('users', (t) => { t.unique(['name']); });`, 'breaking'],
  [`await knex.schema.table('users', (t) => { t.dropUnique(['email']); });`, 'needs-a-human'],
  [`await knex.schema.table('users', (t) => { t.dropIndex('name'); });`, 'compatible'],
  [`await knex.schema.table('users', (t) => { t.index(['age']); });`, 'additive'],
  [
    `await knex.schema.table('users', (t) => { t.foreign('age').references('id').inTable('users'); });`,
    'breaking',
  ],
  [
    `await knex.schema.table('users', (t) => { t.text('name').notNullable().alter(); });`,
    'breaking',
  ],
  [`await knex.schema.table('users', (t) => { t.setNullable('email'); });`, 'compatible'],
  [`await knex.schema.table('users', (t) => { t.dropNullable('name'); });`, 'breaking'],
  [
    `await knex.schema.table('users', (t) => { t.enu('kind', ['a', 'b']).notNullable().defaultTo('a'); });`,
    'additive',
  ],
  [
    `await knex.schema.table('users', (t) => { t.enu('kind', ['a', 'b']).notNullable().defaultTo('c'); });`,
    'breaking',
  ],
  [`await knex.schema.table('users', (t) => { if (x) t.dropColumn('name'); });`, 'needs-a-human'],
  [`await knex.schema.table('users', (t) => { t.string('a').somethingNew(); });`, 'needs-a-human'],
  [`await knex.schema.table('users', change);`, 'needs-a-human'],
  [`await knex.schema.dropTableIfExists('users');`, 'breaking'],
  [`await knex.schema.renameTable('users', 'people');`, 'breaking'],
  [`await knex.schema.withSchema('app').dropTable('users');`, 'breaking'],
  [
    `await knex.schema.createTable('a', (t) => { t.uuid('id', { primaryKey: true }); }).dropTable('a');`,
    'additive',
    'compatible',
  ],
  [`await knex.raw('ALTER TABLE users DROP COLUMN name');`, 'breaking'],
  [`await knex.schema.raw('ALTER TABLE users ADD COLUMN x int');`, 'additive'],
  [`await knex.raw('DROP TABLE ??', ['users']);`, 'needs-a-human'],
  [`await knex('users').insert([{ email: 'x' }]);`, 'compatible'],
  [`await knex('users').insert({ email: 'x' }).onConflict('email').merge();`, 'needs-a-human'],
  [`await knex('users').insert({ email: 'x' }).onConflict('email').ignore();`, 'compatible'],
  [`await knex('users').insert(await knex('users').del());`, 'needs-a-human'],
  [`await knex('users').where({ id: 1 }).update({ name: 'x' });`, 'needs-a-human'],
  [`await knex('users').where('id', 1).del();`, 'needs-a-human'],
  [`await knex('users').del();`, 'breaking'],
  [
    `await knex.schema.table('users', (t) => { t.text('d'); }); await knex('users').update({ d: 'x' });`,
    'additive',
    'compatible',
  ],
  [
    `await Promise.all([knex.schema.dropTable('users'), knex.raw('SELECT 1')]);`,
    'breaking',
    'compatible',
  ],
  [
    `const has = await knex.schema.hasTable('users'); if (!has) await knex.schema.dropTable('users');`,
    'needs-a-human',
  ],
  // The name of a table that is computed: what is said is true of any table.
  [`await knex.schema.alterTable(Tables.User, (t) => { t.text('x'); });`, 'additive'],
  [`await knex.schema.alterTable(Tables.User, (t) => { t.text('x').notNullable(); });`, 'breaking'],
  [`await knex.schema.alterTable(Tables.User, (t) => { t.dropColumn('x'); });`, 'breaking'],
  [`await knex.schema.createTable(Tables.Order, (t) => { t.increments(); });`, 'additive'],
  [
    `await knex.schema.alterTable(Tables.A, (t) => { t.text('x').defaultTo('y'); });
     await knex.schema.alterTable(Tables.B, (t) => { t.setNullable('x'); t.dropNullable('x'); });`,
    'additive',
    'compatible',
    'breaking',
  ],
  [`await knex.schema.dropTable(Tables.User);`, 'needs-a-human'],
  [`const set = (x) => knex.raw(x); await set('SELECT 1');`, 'needs-a-human'],
  [`const gone = await knex.schema.dropTable('users');`, 'needs-a-human'],
  [`return knex.schema.dropTable('users').then(() => knex.raw('SELECT 1'));`, 'needs-a-human'],
  [
    `await knex.transaction(async (trx) => { await trx.schema.dropTable('users'); });`,
    'needs-a-human',
  ],
];

knex.push(
  [`await knex.schema.table('users', (t) => { t.dropIndex('name', name); });`, 'needs-a-human'],
  [`await knex.schema.table('users', (t) => { t.uuid('x', options); });`, 'needs-a-human'],
  [`await knex.schema.table('users', (t) => { t.text('x').nullable(isLoose); });`, 'needs-a-human'],
  [
    `await knex.schema.table('users', (t) => { t.text('x').defaultTo(compute()); });`,
    'needs-a-human',
  ],
);

test.each(knex)('Knex: %s', (code, ...kinds) => {
  expect(kindsOf(`exports.up = async function (knex) { ${code} };`)).toEqual(kinds);
});

describe('Where the function is', () => {
  const body = `{ pgm.dropTable('users'); }`;
  test.each([
    `exports.up = (pgm) => ${body};`,
    `exports.up = pgm => pgm.dropTable('users');`,
    `module.exports.up = async function up(pgm) ${body};`,
    `module.exports = { up: (pgm) => ${body} };`,
    `module.exports = { async up(pgm) ${body}, down() {} };`,
    `const up = (pgm) => ${body};\nmodule.exports = { up };`,
    `async function up(pgm) ${body}\nexports.up = up;`,
    `export const up = (pgm) => ${body};`,
    `export async function up(pgm) ${body}`,
    `async function up(pgm) ${body}\nexport { up };`,
    `async function forward(pgm) ${body}\nexport { forward as up };`,
    `export default { up(pgm) ${body} };`,
    `'use strict';\nexports.up = function (pgm) { 'use strict'; return pgm.dropTable('users'); };`,
  ])('%s', (script) => {
    expect(kindsOf(script)).toEqual(['breaking']);
  });

  test.each([
    `exports.up = require('./other').up;`,
    `export { up } from './other.js';`,
    `export * from './other.js';`,
    `module.exports = require('./other');`,
    `exports.up = ({ schema }) => schema.dropTable('users');`,
    `export class Init1700000000000 { async up(queryRunner) { await queryRunner.query('DROP TABLE users'); } }`,
    `export default class { async up() {} }`,
    `exports.up = (pgm) => { `,
    `console.log('numbered, but exports nothing');`,
  ])('cannot be told: %s', (script) => {
    expect(kindsOf(script)).toEqual(['needs-a-human']);
  });

  test('Code beside the migrations is left alone, as far as it is not numbered.', () => {
    expect(audit(`export const retry = 3;`, 'migrations/helpers.js').tool).toBe('helper');
  });
});

test('TypeScript is read with its types taken off, and lines stay what they are.', () => {
  const { tool, findings } = audit(
    `import type { MigrationBuilder } from 'node-pg-migrate';

export async function up(pgm: MigrationBuilder): Promise<void> {
  pgm.addColumn('users', { a: { type: 'text' as const } });
  pgm.dropColumn('users', 'name');
}`,
    'migrations/1_x.ts',
  );
  expect(tool).toBe('node-pg-migrate');
  expect(findings).toMatchObject([
    { line: 4, kind: 'additive' },
    { line: 5, kind: 'breaking', statement: `pgm.dropColumn('users', 'name')` },
  ]);
  expect(kindsOf('enum A { x }', 'migrations/1_x.ts')).toEqual(['needs-a-human']);
});

test('Taking types off says nothing on the standard error.', () => {
  const warnings: unknown[] = [];
  const listen = (warning: unknown): void => void warnings.push(warning);
  process.on('warning', listen);
  audit('export const up = (pgm: unknown) => {};', 'migrations/1_x.ts');
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});

test('Nothing of a script is run.', () => {
  audit(`globalThis.wasRun = true; exports.up = (pgm) => { globalThis.wasRun = true; };`);
  expect(Reflect.get(globalThis, 'wasRun')).toBeUndefined();
});
