import { alterTable, createTable, renameColumn, renameConstraint } from './apply-table.ts';
import { ANY_TABLE } from './change.ts';
import type { Change, Constraint, ObjectKind, ObjectName } from './change.ts';
import { cloudsEverything } from './judge-other.ts';
import {
  DEFAULT_PATH,
  find,
  forgetNew,
  forgetTemporary,
  keyForNew,
  keyOf,
  keyOfAttached,
  keyOfExisting,
  knownObject,
  partsOf,
  placeFor,
  type SchemaState,
} from './schema-state.ts';

/**
 * Writes into the state what a change does.
 * @param isNew false for the migrations of the old release: what they make is known to it
 */
export function applyChange(state: SchemaState, change: Change, isNew: boolean): void {
  if (cloudsEverything(change)) state.clouded = true;
  if ('table' in change && change.table.name === ANY_TABLE) {
    // A new table and an index change nothing that is known; anything else may.
    if (change.type !== 'create table' && change.type !== 'create index') state.clouded = true;
    return;
  }
  switch (change.type) {
    case 'create table':
      createTable(state, change, isNew);
      return;
    case 'alter table':
      alterTable(state, change.table, change.actions, isNew);
      return;
    case 'create index':
      createIndex(state, change, isNew);
      return;
    case 'create':
      create(state, change, isNew);
      return;
    case 'drop':
      for (const { name, on } of change.objects) drop(state, change.what, name, on);
      return;
    case 'rename':
      moveTo(state, change.what, change.name, (schema) => [schema, change.to]);
      return;
    case 'move':
      moveTo(state, change.what, change.name, (_, name) => [change.schema, name]);
      return;
    case 'rename column':
      renameColumn(state, change.table, change.column, change.to);
      return;
    case 'rename constraint':
      renameConstraint(state, change.table, change.constraint, change.to);
      return;
    case 'search path':
      if (change.whose === 'session') state.path = change.path ?? DEFAULT_PATH;
      return;
    case 'other':
      if (change.statement === 'ROLLBACK') forgetNew(state);
      if (/^(COMMIT|ROLLBACK|DiscardStmt)$/.test(change.statement)) forgetTemporary(state);
      if (change.statement === 'DiscardStmt') state.path = DEFAULT_PATH;
      return;
    case 'data':
      fillColumns(state, change);
      return;
    case 'give away':
    case 'alter type':
    case 'alter domain':
    case 'truncate':
    case 'revoke':
    case 'unknown':
      return;
    default:
      change satisfies never;
  }
}

/** Rows that were there have values in new columns from now on. */
function fillColumns(state: SchemaState, { writes }: Extract<Change, { type: 'data' }>): void {
  for (const { table, columns } of writes) {
    const known = find(state, 'table', table);
    for (const name of columns) {
      const column = known?.columns.get(name);
      if (column !== undefined) column.filled = true;
    }
  }
}

function createIndex(
  state: SchemaState,
  change: Extract<Change, { type: 'create index' }>,
  isNew: boolean,
): void {
  // PostgreSQL chooses the name: it is kept under one that nobody can write.
  const name = change.name ?? `\0${JSON.stringify([change.table, change.columns, change.unique])}`;
  const table = keyOfExisting(state, 'table', change.table);
  if (table === undefined) return;
  // An index lies in the schema of its table.
  const key = keyOf(partsOf(table)[0], name);
  if (change.ifNotExists && state.relations.has(key)) return;
  const index = knownObject('index', isNew && !change.ifNotExists);
  const columns = change.columns.filter((column) => column !== undefined);
  // Which values an expression gives is not known: such an index may refuse any.
  const refused: Constraint =
    columns.length < change.columns.length
      ? { kind: 'exclude' }
      : { kind: 'unique', columns, nullsAreEqual: change.nullsAreEqual };
  const constraint = change.unique ? refused : undefined;
  const { elements, conditions, nullsAreEqual } = change;
  const uniqueKey = change.unique ? { elements, conditions, nullsAreEqual } : undefined;
  if (!(change.ifNotExists && isNew)) index.index = { constraint, table, key: uniqueKey };
  state.relations.set(key, index);
}

function create(
  state: SchemaState,
  change: Extract<Change, { type: 'create' }>,
  isNew: boolean,
): void {
  const { what, name, on, ifNotExists, replace } = change;
  const place = placeFor(state, what);
  const key =
    what === 'schema'
      ? keyOf('', name.name)
      : on === undefined
        ? keyForNew(state, name)
        : keyOfAttached(state, what, name, on);
  if (place !== undefined && key !== undefined && !(place.has(key) && (ifNotExists || replace))) {
    const made = knownObject(what, isNew && !ifNotExists && !replace);
    made.notNull = change.notNull === true;
    place.set(key, made);
  }
  for (const one of change.contents ?? []) applyChange(state, one, isNew);
}

function drop(
  state: SchemaState,
  what: ObjectKind,
  name: ObjectName,
  on: ObjectName | undefined,
): void {
  const place = placeFor(state, what);
  const key =
    on === undefined ? keyOfExisting(state, what, name) : keyOfAttached(state, what, name, on);
  if (place === undefined || key === undefined) return;
  place.delete(key);
  if (what === 'schema') {
    for (const all of [state.relations, state.types, state.functions]) {
      for (const one of all.keys()) if (partsOf(one)[0] === name.name) all.delete(one);
    }
  }
  if (what === 'table') {
    for (const [index, known] of state.relations) {
      if (known.index?.table === key) state.relations.delete(index);
    }
  }
}

/** Under its new name an old thing stays old. */
function moveTo(
  state: SchemaState,
  what: ObjectKind,
  name: ObjectName,
  target: (schema: string, name: string) => [string, string],
): void {
  const place = placeFor(state, what);
  const key = keyOfExisting(state, what, name);
  if (place === undefined || key === undefined) return;
  const known = place.get(key) ?? knownObject(what, false);
  place.delete(key);
  const [schema, itsName] = target(...partsOf(key));
  const moved = keyOf(schema, itsName);
  place.set(moved, known);
  if (what === 'schema') {
    moveContents(state, name.name, itsName);
    return;
  }
  for (const other of state.relations.values()) {
    if (other.index?.table === key) other.index.table = moved;
  }
}

function moveContents(state: SchemaState, from: string, to: string): void {
  for (const place of [state.relations, state.types, state.functions]) {
    for (const [key, known] of place) {
      const [schema, name] = partsOf(key);
      if (schema !== from) continue;
      place.delete(key);
      place.set(keyOf(to, name), known);
    }
  }
}
