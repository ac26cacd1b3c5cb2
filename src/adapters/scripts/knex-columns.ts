/** What a callback of Knex does to a table, one chain of calls at a time, as SQL. */
import { isList, isObject, type Literal, OPAQUE, textsIn } from './literals.ts';
import { isOn, quoted, raw, text, uncertain, valueText } from './sql-text.ts';

/** A call with the values it was given. */
export interface Call {
  name: string;
  args: readonly Literal[];
}

/** What a chain adds up to: clauses for CREATE TABLE, or statements of their own. */
export interface TableSql {
  clauses: string[];
  statements: string[];
}

/** Types by the name of the call that makes a column of them. */
const TYPES: ReadonlyMap<string, (args: readonly Literal[]) => string> = new Map<
  string,
  (args: readonly Literal[]) => string
>([
  ['increments', (args) => numbered('serial', args)],
  ['bigIncrements', (args) => numbered('bigserial', args)],
  ...[
    ['integer', 'integer'],
    ['int', 'integer'],
    ['tinyint', 'smallint'],
    ['smallint', 'smallint'],
    ['mediumint', 'integer'],
    ['bigint', 'bigint'],
    ['bigInteger', 'bigint'],
    ['text', 'text'],
    ['float', 'real'],
    ['double', 'double precision'],
    ['boolean', 'boolean'],
    ['bool', 'boolean'],
    ['date', 'date'],
    ['time', 'time'],
    ['datetime', 'timestamptz'],
    ['timestamp', 'timestamptz'],
    ['binary', 'bytea'],
    ['json', 'json'],
    ['jsonb', 'jsonb'],
    ['uuid', 'uuid'],
  ].map(([name = '', type = '']): [string, (args: readonly Literal[]) => string] => [
    name,
    (args) => (isPrimary(args) ? `${type} PRIMARY KEY` : type),
  ]),
  ['string', ([, size]) => `varchar(${typeof size === 'number' ? size : 255})`],
  ['decimal', decimal],
  ['numeric', decimal],
  ['specificType', ([, type]) => raw(type)],
  ['enu', enumType],
  ['enum', enumType],
]);

function numbered(type: string, [, given]: readonly Literal[]): string {
  return given === undefined ? `${type} PRIMARY KEY` : uncertain('Its options are not known here.');
}

function isPrimary([, given]: readonly Literal[]): boolean {
  if (given === OPAQUE) return uncertain('Its options are only known when it runs.');
  return isObject(given) && isOn(given.get('primaryKey'));
}

function decimal([, digits, scale]: readonly Literal[]): string {
  if (digits === null) return 'numeric';
  return `numeric(${typeof digits === 'number' ? digits : 8}, ${typeof scale === 'number' ? scale : 2})`;
}

function enumType([name, values, given]: readonly Literal[]): string {
  if (isObject(given)) {
    return isOn(given.get('useNative'))
      ? quoted(text(given.get('enumName'), 'The name of the type'))
      : uncertain('Its options are not known here.');
  }
  if (given !== undefined || !isList(values))
    return uncertain('Its values are only known when it runs.');
  return `text CHECK (${quoted(text(name, 'A column'))} IN (${values.map(valueText).join(', ')}))`;
}

/** One chain of a table's callback: `table.string('a').notNullable()`, `table.dropColumn('b')`. */
export function tableSql(table: string, calls: readonly Call[], isCreate: boolean): TableSql {
  const [first, ...modifiers] = calls;
  if (first === undefined) return uncertain('It calls nothing.');
  const type = TYPES.get(first.name);
  if (type !== undefined) return columnSql(table, first, type(first.args), modifiers, isCreate);
  if (first.name === 'foreign') return foreignSql(table, first, modifiers);
  const command = COMMANDS.get(first.name);
  if (command === undefined || modifiers.length > 0) {
    return uncertain(`What ${first.name} does is not known here.`);
  }
  return { clauses: [], statements: [command(table, first.args)].flat() };
}

function columnSql(
  table: string,
  { args }: Call,
  type: string,
  modifiers: readonly Call[],
  isCreate: boolean,
): TableSql {
  const name = text(args[0] ?? 'id', 'A column');
  const column = quoted(name);
  const clause = [column, type];
  let reference: { column?: string; target?: string; action?: string } | undefined;
  let isAltered = false;
  for (const { name: modifier, args: given } of modifiers) {
    const [value] = given;
    switch (modifier) {
      case 'notNullable':
      case 'notNull':
        clause.push('NOT NULL');
        break;
      case 'nullable':
        if (value === false) clause.push('NOT NULL');
        else if (value !== undefined && value !== true) uncertain('It is only known when it runs.');
        break;
      case 'defaultTo':
        clause.push('DEFAULT', defaultText(value));
        break;
      case 'unique':
        clause.push('UNIQUE');
        break;
      case 'primary':
        clause.push('PRIMARY KEY');
        break;
      case 'references': {
        const [target, itsColumn] = text(value, 'A reference').split('.');
        reference =
          itsColumn === undefined
            ? { column: target ?? '' }
            : { target: target ?? '', column: itsColumn };
        break;
      }
      case 'inTable':
      case 'on':
        reference = { ...reference, target: text(value, 'A reference') };
        break;
      case 'onDelete':
        reference = { ...reference, action: raw(value) };
        break;
      case 'onUpdate':
      case 'withKeyName':
      case 'index':
      case 'comment':
      case 'unsigned':
      case 'first':
      case 'after':
        break;
      case 'alter':
        isAltered = true;
        break;
      default:
        uncertain(`What ${modifier} does is not known here.`);
    }
  }
  if (isAltered) {
    // Knex sets type, default and NOT NULL anew, as this chain says them.
    return {
      clauses: [],
      statements: [
        `ALTER TABLE ${tableName(table)} ALTER COLUMN ${column} TYPE ${type.split(' ')[0]} USING NULL`,
      ],
    };
  }
  if (reference !== undefined) clause.push(referenceText(reference));
  const written = clause.join(' ');
  return isCreate
    ? { clauses: [written], statements: [] }
    : { clauses: [], statements: [`ALTER TABLE ${tableName(table)} ADD COLUMN ${written}`] };
}

/** Knex writes objects and lists as JSON. */
function defaultText(value: Literal): string {
  if (isObject(value) || isList(value)) return `'{}'`;
  return value === undefined
    ? uncertain('Its default is only known when it runs.')
    : valueText(value);
}

function referenceText({ target, action }: { target?: string; action?: string }): string {
  if (target === undefined) return uncertain('The table that it refers to is not known here.');
  return `REFERENCES ${tableName(target)}${action === undefined ? '' : ` ON DELETE ${action}`}`;
}

function foreignSql(
  table: string,
  { args: [columns, name] }: Call,
  modifiers: readonly Call[],
): TableSql {
  let target: string | undefined;
  let action: string | undefined;
  for (const {
    name: modifier,
    args: [value],
  } of modifiers) {
    if (modifier === 'inTable' || modifier === 'on') target = text(value, 'A table');
    else if (modifier === 'onDelete') action = raw(value);
    else if (modifier === 'references') {
      const texts = textsIn(value) ?? uncertain('The columns are only known when it runs.');
      if (texts[0]?.includes('.') === true) target = texts[0].split('.')[0];
    } else if (!/^(onUpdate|withKeyName|deferrable)$/.test(modifier)) {
      uncertain(`What ${modifier} does is not known here.`);
    }
  }
  const list = names(columns);
  const reference = referenceText({
    ...(target === undefined ? {} : { target }),
    ...(action === undefined ? {} : { action }),
  });
  const constraint = indexName(table, list, 'foreign', name);
  return {
    clauses: [],
    statements: [
      `ALTER TABLE ${tableName(table)} ADD CONSTRAINT ${constraint} FOREIGN KEY (${list.map(quoted).join(', ')}) ${reference}`,
    ],
  };
}

/** `app.users` is users in the schema app. */
export function tableName(name: string): string {
  return name.split('.').map(quoted).join('.');
}

function names(value: Literal): string[] {
  return textsIn(value) ?? uncertain('The columns are only known when it runs.');
}

/** As Knex names them: lower case, with the kind at the end. */
function indexName(
  table: string,
  columns: readonly string[],
  kind: string,
  given: Literal,
): string {
  if (typeof given === 'string') return quoted(given);
  if (given === OPAQUE) return uncertain('Its name is only known when it runs.');
  if (isObject(given) && typeof given.get('indexName') === 'string') {
    return quoted(text(given.get('indexName'), 'A name'));
  }
  const base = [table, ...columns, kind].join('_').toLowerCase();
  return quoted(base.replaceAll(/\.|-/g, '_'));
}

type Command = (table: string, args: readonly Literal[]) => string | string[];

const alter = (table: string, action: string): string =>
  `ALTER TABLE ${tableName(table)} ${action}`;
const dropConstraint =
  (kind: string): Command =>
  (table, [columns, name]) =>
    alter(table, `DROP CONSTRAINT ${indexName(table, names(columns), kind, name)}`);

function dropColumns(table: string, args: readonly Literal[]): string[] {
  return args.flatMap(names).map((name) => alter(table, `DROP COLUMN ${quoted(name)}`));
}

function timestamps(table: string, [first, second]: readonly Literal[]): string[] {
  const isNow = isObject(first) ? isOn(first.get('defaultToNow')) : second === true;
  const useCamel = isObject(first) && first.get('useCamelCase') === true;
  const tail = isNow ? ' NOT NULL DEFAULT now()' : '';
  return (useCamel ? ['createdAt', 'updatedAt'] : ['created_at', 'updated_at']).map((name) =>
    alter(table, `ADD COLUMN ${quoted(name)} timestamptz${tail}`),
  );
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['timestamps', timestamps],
  [
    'dropTimestamps',
    (table, [camel]) =>
      dropColumns(
        table,
        camel === true ? ['createdAt', 'updatedAt'] : ['created_at', 'updated_at'],
      ),
  ],
  ['dropColumn', dropColumns],
  ['dropColumns', dropColumns],
  [
    'renameColumn',
    (table, [from, to]) =>
      alter(
        table,
        `RENAME COLUMN ${quoted(text(from, 'A column'))} TO ${quoted(text(to, 'A column'))}`,
      ),
  ],
  [
    'unique',
    (table, [columns, name]) => {
      const list = names(columns);
      return alter(
        table,
        `ADD CONSTRAINT ${indexName(table, list, 'unique', name)} UNIQUE (${list.map(quoted).join(', ')})`,
      );
    },
  ],
  [
    'index',
    (table, [columns, name]) => {
      const list = names(columns);
      return `CREATE INDEX ${indexName(table, list, 'index', name)} ON ${tableName(table)} (${list.map(quoted).join(', ')})`;
    },
  ],
  [
    'primary',
    (table, [columns]) =>
      alter(table, `ADD PRIMARY KEY (${names(columns).map(quoted).join(', ')})`),
  ],
  [
    'dropIndex',
    (table, [columns, name]) =>
      `DROP INDEX ${indexName(table, names(columns ?? []), 'index', name)}`,
  ],
  ['dropUnique', dropConstraint('unique')],
  ['dropForeign', dropConstraint('foreign')],
  [
    'dropPrimary',
    (table, [name]) =>
      alter(table, `DROP CONSTRAINT ${quoted(typeof name === 'string' ? name : `${table}_pkey`)}`),
  ],
  [
    'setNullable',
    (table, [name]) => alter(table, `ALTER COLUMN ${quoted(text(name, 'A column'))} DROP NOT NULL`),
  ],
  [
    'dropNullable',
    (table, [name]) => alter(table, `ALTER COLUMN ${quoted(text(name, 'A column'))} SET NOT NULL`),
  ],
  ['check', (table, [condition]) => alter(table, `ADD CHECK (${raw(condition)})`)],
  ['comment', () => []],
]);
