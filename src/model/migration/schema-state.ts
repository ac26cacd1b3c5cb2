/**
 * What is known of a database's schema while the statements of its migrations go by: which things
 * the old release cannot know because they were made after it, and details of those that it knows.
 * What is not in here exists perhaps, and is old.
 */
import type { Constraint, DefaultValue, ObjectKind, ObjectName, TypeName } from './change.ts';
import type { UniqueKey } from './unique-keys.ts';

export interface KnownColumn {
  /** Made after the old release. */
  isNew: boolean;
  type: TypeName;
  notNull: boolean;
  default?: DefaultValue | undefined;
  /** Filled in by PostgreSQL without a default. */
  fillsItself: boolean;
  /** An update of the migrations filled it in rows that were there. */
  filled?: true;
}

export interface KnownObject {
  what: ObjectKind;
  isNew: boolean;
  columns: Map<string, KnownColumn>;
  constraints: Map<string, { constraint: Constraint; isNew: boolean }>;
  /** Constraints of the old release that are gone by now. */
  droppedConstraints: Set<string>;
  /** Of a table: what the older release kept unique, also when that is gone by now. */
  uniqueBefore: readonly UniqueKey[];
  /** Of a table: since when row level security is on; undefined: it is not, as far as is known. */
  rowSecurity?: 'old' | 'new';
  /** Of a table: triggers that the migrations of the newer release disabled, and enabled again. */
  switchedOff: Set<string>;
  switchedOn: Set<string>;
  /** Of an index: what it refuses and compares by if it is unique, and the key of its table. */
  index?: {
    constraint: Constraint | undefined;
    table: string | undefined;
    key: UniqueKey | undefined;
  };
  /** Of a domain. */
  notNull: boolean;
}

export interface SchemaState {
  /** By {@link placeOf}. Tables, views, indexes and sequences share their names. */
  relations: Map<string, KnownObject>;
  types: Map<string, KnownObject>;
  /** With the types of their arguments: `public.touch(text)`. */
  functions: Map<string, KnownObject>;
  schemas: Map<string, KnownObject>;
  /** Triggers, rules and policies, which belong to a table. */
  attached: Map<string, KnownObject>;
  /** Where names without a schema are looked for; undefined: nobody can tell. */
  path: readonly string[] | undefined;
  /**
   * Something went by that can have changed anything (a program, a statement that cannot be read):
   * details of old things do not excuse anything any more.
   */
  clouded: boolean;
  /** How it is when all statements have run. */
  end?: SchemaState;
}

/** What PostgreSQL looks in by default, as far as migrations use it: a schema named like the user is rare. */
export const DEFAULT_PATH: readonly string[] = ['public'];
const TEMPORARY = 'pg_temp';

export function emptyState(): SchemaState {
  return {
    relations: new Map(),
    types: new Map(),
    functions: new Map(),
    schemas: new Map(),
    attached: new Map(),
    path: DEFAULT_PATH,
    clouded: false,
  };
}

export function knownObject(what: ObjectKind, isNew: boolean): KnownObject {
  return {
    what,
    isNew,
    columns: new Map(),
    constraints: new Map(),
    droppedConstraints: new Set(),
    uniqueBefore: [],
    switchedOff: new Set(),
    switchedOn: new Set(),
    notNull: false,
  };
}

/** Which of the maps a kind of object is kept in; undefined: none. */
export function placeFor(
  state: SchemaState,
  what: ObjectKind,
): Map<string, KnownObject> | undefined {
  switch (what) {
    case 'table':
    case 'view':
    case 'materialized view':
    case 'index':
    case 'sequence':
      return state.relations;
    case 'type':
      return state.types;
    case 'function':
      return state.functions;
    case 'schema':
      return state.schemas;
    case 'trigger':
    case 'rule':
    case 'policy':
      return state.attached;
    case 'extension':
    case 'role':
    case 'database':
    case 'other':
      return undefined;
    default:
      return what satisfies never;
  }
}

/** A key that no name can imitate: names may contain dots, but no NUL. */
export function keyOf(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

/** The key of something that is being made. Undefined: where it goes is not known. */
export function keyForNew(
  state: SchemaState,
  name: ObjectName,
  temporary = false,
): string | undefined {
  if (temporary) return keyOf(TEMPORARY, name.name);
  const schema = name.schema ?? state.path?.[0];
  return schema === undefined ? undefined : keyOf(schema, name.name);
}

/**
 * The key of something that is there already. Undefined when it cannot be told which one is meant:
 * with several schemas in the path, one that we do not know may hide the one that we do.
 */
export function keyOfExisting(
  state: SchemaState,
  what: ObjectKind,
  name: ObjectName,
): string | undefined {
  if (what === 'schema') return keyOf('', name.name);
  if (name.schema !== undefined) return keyOf(name.schema, name.name);
  const known = placeFor(state, what);
  const temporary = keyOf(TEMPORARY, name.name);
  if (known?.has(temporary) === true) return temporary;
  const [first, ...others] = state.path ?? [];
  if (first === undefined) return undefined;
  const key = keyOf(first, name.name);
  return others.length === 0 || known?.has(key) === true ? key : undefined;
}

/** The key of a trigger, rule or policy of a table. */
export function keyOfAttached(
  state: SchemaState,
  what: ObjectKind,
  name: ObjectName,
  on: ObjectName,
): string | undefined {
  const table = keyOfExisting(state, 'table', on);
  return table === undefined ? undefined : [what, table, name.name].join('\0');
}

export function find(
  state: SchemaState,
  what: ObjectKind,
  name: ObjectName,
  on?: ObjectName,
): KnownObject | undefined {
  const key =
    on === undefined ? keyOfExisting(state, what, name) : keyOfAttached(state, what, name, on);
  return key === undefined ? undefined : placeFor(state, what)?.get(key);
}

/** Whether the old release cannot know it. */
export function isNewObject(
  state: SchemaState,
  what: ObjectKind,
  name: ObjectName,
  on?: ObjectName,
): boolean {
  // What belongs to a new table is new, whatever is known of itself.
  if (on !== undefined && find(state, 'table', on)?.isNew === true) return true;
  if (what === 'function' && !name.name.includes('(')) return isOnlyNewFunction(state, name);
  return find(state, what, name, on)?.isNew === true;
}

/** `DROP FUNCTION f` without arguments works only where there is one of that name. */
function isOnlyNewFunction(state: SchemaState, name: ObjectName): boolean {
  const all = functionsNamed(state, name.name, name.schema);
  return all.length > 0 && all.every((one) => one.isNew);
}

/** All known functions of that name, whatever their arguments; in any schema when none is given. */
export function functionsNamed(
  state: SchemaState,
  name: string,
  schema: string | undefined,
): KnownObject[] {
  const base = baseName(name);
  return [...state.functions].flatMap(([key, known]) => {
    const [itsSchema, itsName] = partsOf(key);
    const isMeant = baseName(itsName) === base && (schema === undefined || schema === itsSchema);
    return isMeant ? [known] : [];
  });
}

function baseName(name: string): string {
  const end = name.indexOf('(');
  return end < 0 ? name : name.slice(0, end);
}

/** Schema and name of a key. */
export function partsOf(key: string): [schema: string, name: string] {
  const end = key.indexOf('\0');
  return [key.slice(0, end), key.slice(end + 1)];
}

/** Details of a column that may excuse a statement: none while something can have changed them. */
export function trustedColumn(
  state: SchemaState,
  table: KnownObject | undefined,
  column: string,
): KnownColumn | undefined {
  const known = table?.columns.get(column);
  return known?.isNew === true || !state.clouded ? known : undefined;
}

/** What was temporary is gone with the session, and nobody knows what the next one starts with. */
export function endFile(state: SchemaState, pathBefore: readonly string[] | undefined): void {
  forgetTemporary(state);
  // Some tools use one session for all files, some do not.
  if (JSON.stringify(state.path) !== JSON.stringify(pathBefore)) state.path = undefined;
}

/** Temporary tables may be gone: then their names mean lasting ones again. */
export function forgetTemporary(state: SchemaState): void {
  for (const key of state.relations.keys()) {
    if (key.startsWith(keyOf(TEMPORARY, ''))) state.relations.delete(key);
  }
}

/** After a rollback inside a migration, what was made before may not be there. */
export function forgetNew(state: SchemaState): void {
  const places = [state.relations, state.types, state.functions, state.schemas, state.attached];
  for (const place of places) {
    for (const known of place.values()) {
      known.isNew = false;
      for (const column of known.columns.values()) column.isNew = false;
    }
  }
}
