/** Tables, their columns and constraints in the state. */
import type { Change, Column, Constraint, ObjectName, TableAction } from './change.ts';
import { mentions } from './expression.ts';
import {
  find,
  keyForNew,
  keyOfExisting,
  type KnownObject,
  knownObject,
  partsOf,
  type SchemaState,
} from './schema-state.ts';
import { forgetUniqueOn, keepsValuesApart } from './unique-keys.ts';

export function createTable(
  state: SchemaState,
  change: Extract<Change, { type: 'create table' }>,
  isNew: boolean,
): void {
  const key = keyForNew(state, change.table, change.temporary);
  if (key === undefined || (change.ifNotExists && state.relations.has(key))) return;
  const parents = [...change.parents, ...(change.partitionOf ? [change.partitionOf] : [])];
  // What is written to an old parent reaches the rows of its children.
  const isApart = parents.every((parent) => find(state, 'table', parent)?.isNew === true);
  const mayBeOld = change.ifNotExists && isNew && !change.temporary;
  const table = knownObject('table', isNew && isApart && !mayBeOld);
  state.relations.set(key, table);
  // A table that was there before has columns of its own.
  if (mayBeOld) return;
  for (const column of change.columns) setColumn(table, column, isNew);
  for (const constraint of change.constraints) setConstraint(table, key, constraint, isNew);
}

function setColumn(table: KnownObject, column: Column, isNew: boolean): void {
  table.columns.set(column.name, {
    isNew,
    type: column.type,
    notNull: column.notNull,
    default: column.default,
    fillsItself: column.numbered || column.generated,
  });
}

function setConstraint(
  table: KnownObject,
  key: string,
  constraint: Constraint,
  isNew: boolean,
): void {
  if (constraint.kind === 'primary') {
    for (const name of constraint.columns) setNotNull(table, name, true);
  }
  if (constraint.kind === 'not null') setNotNull(table, constraint.column, true);
  const name =
    constraint.name ??
    nameByPostgres(partsOf(key)[1], constraint) ??
    // One that nobody can write.
    `\0${JSON.stringify(constraint)}`;
  table.constraints.set(name, { constraint, isNew });
}

/** As PostgreSQL names constraints itself; longer ones than 63 bytes are cut, which we do not do. */
function nameByPostgres(table: string, constraint: Constraint): string | undefined {
  const name = (parts: readonly string[], suffix: string): string | undefined => {
    const whole = [table, ...parts, suffix].join('_');
    return Buffer.byteLength(whole) > 63 ? undefined : whole;
  };
  switch (constraint.kind) {
    case 'primary':
      return name([], 'pkey');
    case 'unique':
      return name(constraint.columns, 'key');
    case 'foreign':
      return name(constraint.columns, 'fkey');
    case 'check':
    case 'exclude':
    case 'not null':
      // Their names depend on what else is there.
      return undefined;
    default:
      return constraint satisfies never;
  }
}

function setNotNull(table: KnownObject, column: string, notNull: boolean): void {
  const known = table.columns.get(column);
  if (known !== undefined) known.notNull = notNull;
}

/** The table in the state; one that is not known yet is old and gets an entry. */
function tableFor(state: SchemaState, name: ObjectName): [string, KnownObject] | undefined {
  const key = keyOfExisting(state, 'table', name);
  if (key === undefined) return undefined;
  const table = state.relations.get(key) ?? knownObject('table', false);
  state.relations.set(key, table);
  return [key, table];
}

/** The state with further new columns of a table; the given one stays as it is. */
export function withColumns(
  state: SchemaState,
  name: ObjectName,
  actions: readonly TableAction[],
): { state: SchemaState; table: KnownObject | undefined } {
  const key = keyOfExisting(state, 'table', name);
  if (key === undefined) return { state, table: undefined };
  const known = state.relations.get(key) ?? knownObject('table', false);
  const table = {
    ...known,
    columns: new Map(known.columns),
    constraints: new Map(known.constraints),
  };
  const copy = { ...state, relations: new Map(state.relations).set(key, table) };
  alterTable(copy, name, actions, true);
  return { state: copy, table };
}

export function alterTable(
  state: SchemaState,
  name: ObjectName,
  actions: readonly TableAction[],
  isNew: boolean,
): void {
  const found = tableFor(state, name);
  if (found === undefined) return;
  const [key, table] = found;
  for (const action of actions) {
    switch (action.do) {
      case 'add column': {
        if (action.ifNotExists && (isNew || table.columns.has(action.column.name))) break;
        setColumn(table, action.column, isNew);
        for (const one of action.constraints) setConstraint(table, key, one, isNew);
        break;
      }
      case 'drop column':
        table.columns.delete(action.column);
        forgetUniqueOn(table, action.column);
        break;
      case 'set type': {
        const column = table.columns.get(action.column);
        if (column === undefined || !keepsValuesApart(column.type, action.type)) {
          forgetUniqueOn(table, action.column);
        }
        if (column !== undefined) column.type = action.type;
        break;
      }
      case 'set not null':
        setNotNull(table, action.column, true);
        break;
      case 'drop not null':
        setNotNull(table, action.column, false);
        break;
      case 'set default':
      case 'drop default': {
        const column = table.columns.get(action.column);
        if (column === undefined) break;
        column.default = action.do === 'set default' ? action.value : undefined;
        break;
      }
      case 'add constraint':
        setConstraint(table, key, action.constraint, isNew);
        break;
      case 'drop constraint':
        if (table.constraints.get(action.name)?.isNew !== true) {
          table.droppedConstraints.add(action.name);
        }
        table.constraints.delete(action.name);
        break;
      case 'attach partition': {
        // From now on it takes rows that are written to its parent.
        const partition = find(state, 'table', action.partition);
        if (partition !== undefined) partition.isNew = partition.isNew && table.isNew;
        break;
      }
      case 'detach partition':
        break;
      case 'other':
        if (isNew && action.trigger !== undefined)
          switchTrigger(table, action.trigger, action.command);
        if (action.command === 'AT_EnableRowSecurity') {
          table.rowSecurity ??= isNew ? 'new' : 'old';
        }
        // Identity, inheritance and the like: what is known of the columns may be wrong now.
        if (/Identity|Expression|Inherit|OfType/i.test(action.command)) table.columns.clear();
        break;
      default:
        action satisfies never;
    }
  }
}

function switchTrigger(table: KnownObject, trigger: string, command: string): void {
  const isOff = table.switchedOff.has(trigger);
  table.switchedOff.delete(trigger);
  table.switchedOn.delete(trigger);
  if (command === 'AT_DisableTrig') table.switchedOff.add(trigger);
  else if (command === 'AT_EnableTrig' && isOff) table.switchedOn.add(trigger);
}

export function renameColumn(
  state: SchemaState,
  name: ObjectName,
  column: string,
  to: string,
): void {
  const found = tableFor(state, name);
  if (found === undefined) return;
  const [, table] = found;
  const known = table.columns.get(column);
  table.columns.delete(column);
  table.columns.delete(to);
  forgetUniqueOn(table, column);
  if (known !== undefined) table.columns.set(to, known);
  for (const one of table.constraints.values()) {
    one.constraint = renamedIn(one.constraint, column, to);
  }
  for (const { index } of state.relations.values()) {
    if (index?.constraint === undefined || index.table !== found[0]) continue;
    index.constraint = renamedIn(index.constraint, column, to);
  }
}

/** A constraint follows its columns; what a condition says is then not looked at any more. */
function renamedIn(constraint: Constraint, column: string, to: string): Constraint {
  if (!concerns(constraint, column)) return constraint;
  switch (constraint.kind) {
    case 'unique':
    case 'primary':
    case 'foreign':
      return {
        ...constraint,
        columns: constraint.columns.map((name) => (name === column ? to : name)),
      };
    case 'check':
      return { ...constraint, expression: { kind: 'opaque' } };
    case 'exclude':
    case 'not null':
      return constraint;
    default:
      return constraint satisfies never;
  }
}

/** Whether a constraint looks at a column. */
export function concerns(constraint: Constraint, column: string): boolean {
  switch (constraint.kind) {
    case 'unique':
    case 'primary':
    case 'foreign':
      return constraint.columns.includes(column);
    case 'check':
      return mentions(constraint.expression, column);
    case 'exclude':
      return true;
    case 'not null':
      return false;
    default:
      return constraint satisfies never;
  }
}

export function renameConstraint(
  state: SchemaState,
  name: ObjectName,
  from: string,
  to: string,
): void {
  const table = find(state, 'table', name);
  const known = table?.constraints.get(from);
  if (table === undefined || known === undefined) return;
  table.constraints.delete(from);
  table.constraints.set(to, known);
}
