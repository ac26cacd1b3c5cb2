/** The calls of Knex (`knex.schema.…`, `knex.raw('…')`, `knex('table')…`), as the SQL that they send. */
import type { Expression } from 'acorn';
import { type Argument, type Chain, chainOf, unwrap } from './call-chain.ts';
import { type Call, tableName, tableSql } from './knex-columns.ts';
import { type Constants, isList, isObject, type Literal, literalOf } from './literals.ts';
import { quoted, tableText, text, uncertain } from './sql-text.ts';

/** @returns SQL; undefined for a chain that does not look like one of Knex */
export function knexChain(chain: Chain, constants: Constants): string[] | undefined {
  if (chain.rootArgs !== undefined) return rows(chain, constants);
  const [first, ...rest] = chain.links;
  if (first?.name === 'raw' && first.args !== undefined) {
    return rest.length === 0 ? [rawSql(first.args, constants)] : undefined;
  }
  if (first?.name !== 'schema' || first.args !== undefined) return undefined;
  let schema = '';
  return rest.flatMap(({ name, args }) => {
    if (args === undefined) return uncertain(`What ${name} does is not known here.`);
    if (name === 'withSchema') {
      schema = `${text(valueAt(args, 0, constants), 'A schema')}.`;
      return [];
    }
    return schemaCall(name, args, constants, schema);
  });
}

function valueAt(args: readonly Argument[], index: number, constants: Constants): Literal {
  const argument = args[index];
  return argument === undefined ? undefined : literalOf(argument, constants);
}

function rawSql(args: readonly Argument[], constants: Constants): string {
  if (args.length > 1) return uncertain('Values are put into it when it runs.');
  return text(valueAt(args, 0, constants), 'The SQL').replaceAll(String.raw`\?`, '?');
}

function schemaCall(
  name: string,
  args: readonly Argument[],
  constants: Constants,
  schema: string,
): string[] {
  if (name === 'raw') return [rawSql(args, constants)];
  const given = valueAt(args, 0, constants);
  const table = (): string => schema + text(given, 'A name');
  const anyTable = (): string => schema + tableText(given);
  switch (name) {
    case 'createTable':
    case 'createTableIfNotExists':
      return createTable(anyTable(), args, constants, name !== 'createTable');
    case 'table':
    case 'alterTable':
      return callback(args[1], constants).flatMap(
        (calls) => tableSql(anyTable(), calls, false).statements,
      );
    case 'dropTable':
    case 'dropTableIfExists':
      return [`DROP TABLE ${tableName(table())}`];
    case 'renameTable':
      return [
        `ALTER TABLE ${tableName(table())} RENAME TO ${quoted(text(valueAt(args, 1, constants), 'A name'))}`,
      ];
    case 'createSchema':
    case 'createSchemaIfNotExists':
      return [`CREATE SCHEMA IF NOT EXISTS ${quoted(text(given, 'A name'))}`];
    case 'dropSchema':
    case 'dropSchemaIfExists':
      return [`DROP SCHEMA ${quoted(text(given, 'A name'))}`];
    case 'createView':
      return [`CREATE VIEW ${tableName(table())} AS SELECT 1`];
    case 'createViewOrReplace':
      return [`CREATE OR REPLACE VIEW ${tableName(table())} AS SELECT 1`];
    case 'createMaterializedView':
      return [`CREATE MATERIALIZED VIEW ${tableName(table())} AS SELECT 1`];
    case 'dropView':
    case 'dropViewIfExists':
      return [`DROP VIEW ${tableName(table())}`];
    case 'dropMaterializedView':
    case 'dropMaterializedViewIfExists':
      return [`DROP MATERIALIZED VIEW ${tableName(table())}`];
    case 'refreshMaterializedView':
      return [`REFRESH MATERIALIZED VIEW ${tableName(table())}`];
    default:
      return uncertain(`What ${name} does is not known here.`);
  }
}

function createTable(
  table: string,
  args: readonly Argument[],
  constants: Constants,
  mayExist: boolean,
): string[] {
  const parts = callback(args[1], constants).map((calls) => tableSql(table, calls, true));
  const clauses = parts.flatMap((part) => part.clauses);
  const unless = mayExist ? 'IF NOT EXISTS ' : '';
  return [
    `CREATE TABLE ${unless}${tableName(table)} (${clauses.join(', ')})`,
    // Knex sends these also when the table was there already.
    ...parts.flatMap((part) => part.statements),
  ];
}

/** The chains in a function that is given a table: `(table) => { table.string('a'); … }`. */
function callback(argument: Argument | undefined, constants: Constants): Call[][] {
  const isFunction =
    argument?.type === 'ArrowFunctionExpression' || argument?.type === 'FunctionExpression';
  const [parameter] = isFunction ? argument.params : [];
  if (!isFunction || parameter?.type !== 'Identifier') {
    return uncertain('What it does to the table is not in the call.');
  }
  const chainIn = (expression: Expression): Call[] => {
    const chain = chainOf(unwrap(expression));
    if (chain?.root !== parameter.name || chain.rootArgs !== undefined) {
      return uncertain('It does something else than calls on the table.');
    }
    return chain.links.map(({ name, args }) => ({
      name,
      args: (args ?? uncertain(`${name} is not called.`)).map((one) => literalOf(one, constants)),
    }));
  };
  if (argument.body.type !== 'BlockStatement') return [chainIn(argument.body)];
  return argument.body.body.flatMap((statement) => {
    if (statement.type === 'EmptyStatement') return [];
    return statement.type === 'ExpressionStatement'
      ? [chainIn(statement.expression)]
      : uncertain('It does something else than calls on the table.');
  });
}

const CONDITION = /^(and|or)?where/i;

/** `knex('users').where(…).update({ … })`: rows. */
function rows({ rootArgs, links }: Chain, constants: Constants): string[] | undefined {
  const target = rootArgs?.length === 1 ? valueAt(rootArgs, 0, constants) : undefined;
  const table = tableName(text(target, 'The table'));
  const isLimited = links.some(({ name }) => CONDITION.test(name));
  const where = isLimited ? ' WHERE true' : '';
  const names = links.map(({ name }) => name).filter((name) => !CONDITION.test(name));
  const [verb = '', ...others] = names;
  const args = links.find(({ name }) => name === verb)?.args;
  const after = others.filter((name) => name !== 'returning').join(' ');
  switch (verb) {
    case 'insert':
      if (after === '') return [`INSERT INTO ${table} DEFAULT VALUES`];
      if (after === 'onConflict ignore') {
        return [`INSERT INTO ${table} DEFAULT VALUES ON CONFLICT DO NOTHING`];
      }
      return undefined;
    case 'update': {
      const columns = columnsOf(args === undefined ? undefined : valueAt(args, 0, constants));
      if (after !== '' || columns.length === 0) return undefined;
      return [
        `UPDATE ${table} SET ${columns.map((name) => `${quoted(name)} = NULL`).join(', ')}${where}`,
      ];
    }
    case 'del':
    case 'delete':
      return after === '' ? [`DELETE FROM ${table}${where}`] : undefined;
    case 'truncate':
      return [`TRUNCATE ${table}`];
    default:
      return undefined;
  }
}

function columnsOf(value: Literal): string[] {
  if (isObject(value)) return [...value.keys()];
  return typeof value === 'string' && !isList(value) ? [value] : [];
}
