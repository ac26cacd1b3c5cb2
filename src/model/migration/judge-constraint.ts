import type { Change, Constraint, DefaultValue, ObjectName } from './change.ts';
import { concerns } from './apply-table.ts';
import { type Constant, satisfies } from './expression.ts';
import {
  additive,
  askHuman,
  breaking,
  compatible,
  isSafe,
  type Judgement,
  withCaution,
} from './finding.ts';
import {
  find,
  isNewObject,
  type KnownObject,
  type SchemaState,
  trustedColumn,
} from './schema-state.ts';
import { wasUniqueBefore } from './unique-keys.ts';

/**
 * What a column has in rows of old code: its default, which is null where there is none. Undefined
 * for columns that old code fills itself.
 */
type RowOfOldCode = (column: string) => DefaultValue | undefined;

/** A constraint that is added to a table old code knows. It also holds for what old code writes. */
export function judgeAdded(
  state: SchemaState,
  table: KnownObject | undefined,
  constraint: Constraint,
  row: RowOfOldCode = rowsOf(table),
): Judgement {
  switch (constraint.kind) {
    case 'check':
      return judgeCheck(table, constraint, row);
    case 'unique':
    case 'primary':
      return judgeUnique(state, constraint, row);
    case 'foreign':
      return judgeForeign(state, table, constraint, row);
    case 'exclude':
      return breaking('Rows that old code writes may exclude each other.');
    case 'not null':
      return row(constraint.column) !== undefined && !isNull(row(constraint.column))
        ? additive('In rows of old code its default stands there.')
        : breaking('Inserts of old code may leave it out or write null.');
    default:
      return constraint satisfies never;
  }
}

/** New columns only: old code leaves them out. */
function rowsOf(table: KnownObject | undefined): RowOfOldCode {
  return (name) => {
    const column = table?.columns.get(name);
    if (column?.isNew !== true) return undefined;
    if (column.fillsItself) return { kind: 'computed', functions: [], distinct: true };
    return column.default ?? { kind: 'constant', value: null };
  };
}

const isNull = (value: DefaultValue | undefined): boolean =>
  value?.kind === 'constant' && value.value === null;

function judgeCheck(
  table: KnownObject | undefined,
  { name, expression }: Extract<Constraint, { kind: 'check' }>,
  row: RowOfOldCode,
): Judgement {
  let usesOld = false;
  let usesNew = false;
  const isSatisfied = satisfies(expression, (column): Constant | undefined => {
    const value = row(column);
    if (value === undefined) usesOld = true;
    else usesNew = true;
    return value?.kind === 'constant' ? value.value : undefined;
  });
  if (isSatisfied === true) return additive('Rows of old code satisfy the check.');
  if (isSatisfied === false) return breaking('Rows that old code writes do not satisfy the check.');
  if (name !== undefined && table?.droppedConstraints.has(name) === true) {
    return askHuman(
      'It takes the place of another check: if it is narrower, rows of old code are refused.',
    );
  }
  return usesNew || !usesOld
    ? askHuman('Whether rows of old code satisfy the check cannot be told.')
    : breaking('Rows that old code writes may not satisfy the check.');
}

const UNIQUE_BEFORE = 'The older release kept it unique already: old code writes nothing else.';

/** A constraint that the older release had already, perhaps under another name, is no news. */
export function heldBefore(
  state: SchemaState,
  table: KnownObject | undefined,
  constraint: Constraint,
): Judgement | undefined {
  if (constraint.kind !== 'unique' && constraint.kind !== 'primary') return undefined;
  const { kind, columns, nullsAreEqual, index } = constraint;
  if (index !== undefined) return undefined;
  const isPrimary = kind === 'primary';
  const key = { elements: columns, conditions: [], nullsAreEqual: nullsAreEqual && !isPrimary };
  const isRequired = (name: string): boolean => trustedColumn(state, table, name)?.notNull === true;
  return wasUniqueBefore(state, table, key) && (!isPrimary || columns.every(isRequired))
    ? compatible(UNIQUE_BEFORE)
    : undefined;
}

function judgeUnique(
  state: SchemaState,
  { kind, columns, nullsAreEqual, index }: Extract<Constraint, { kind: 'unique' | 'primary' }>,
  row: RowOfOldCode,
): Judgement {
  if (index !== undefined) {
    const known = state.clouded ? undefined : find(state, 'index', { name: index });
    return kind === 'unique' && known?.isNew === false && known.index?.constraint !== undefined
      ? compatible('The unique index was there already and refused the same rows.')
      : breaking('Rows that old code writes may not be unique.');
  }
  const values = columns.map((column) => row(column));
  if (values.some((value) => value?.kind === 'computed' && value.distinct)) {
    return additive('In rows of old code it has a value of its own each time.');
  }
  if (kind === 'unique' && !nullsAreEqual && values.some(isNull)) {
    return additive('In rows of old code a column of it is null, and nulls are distinct.');
  }
  if (values.some((value) => value?.kind === 'computed')) {
    return askHuman('Whether its default gives another value each time cannot be told.');
  }
  return breaking(
    values.every((value) => value !== undefined)
      ? 'Every row that old code writes has the same value there.'
      : 'Old code may write what is there already.',
  );
}

function judgeForeign(
  state: SchemaState,
  table: KnownObject | undefined,
  constraint: Extract<Constraint, { kind: 'foreign' }>,
  row: RowOfOldCode,
): Judgement {
  const values = constraint.columns.map((column) => row(column));
  if (values.includes(undefined)) {
    return breaking('Old code may write what the other table does not have.');
  }
  if (!values.some(isNull)) {
    return askHuman(
      'Whether the other table has what the default refers to is a question of data.',
    );
  }
  const caution = deletesMayBeRefused(state, constraint);
  if (
    caution !== undefined &&
    constraint.columns.every((name) => table?.columns.get(name)?.filled === true)
  ) {
    return askHuman(
      `The rows that were filled keep old code from deleting what they refer to in ${constraint.target.name}.`,
    );
  }
  const why = 'In rows of old code it is null and refers to nothing.';
  return caution === undefined ? additive(why) : withCaution(compatible(why), caution);
}

/**
 * A default of a column that is there already. Rows of old code that leave the column out get it, and
 * then have to satisfy the constraints on the column.
 */
export function refusalOfDefault(
  state: SchemaState,
  table: KnownObject | undefined,
  column: string,
  value: DefaultValue,
): Judgement | undefined {
  if (table === undefined) return undefined;
  const indexes = [...state.relations.values()].flatMap(({ index }) =>
    index?.table !== undefined && state.relations.get(index.table) === table
      ? (index.constraint ?? [])
      : [],
  );
  const all = [...table.constraints.values()].map(({ constraint }) => constraint);
  const row: RowOfOldCode = (name) => (name === column ? value : rowsOf(table)(name));
  const isRefused = [...all, ...indexes]
    .filter((constraint) => concerns(constraint, column))
    .some((constraint) => !isSafe(judgeAdded(state, table, constraint, row).kind));
  return isRefused
    ? askHuman(
        'Inserts of old code that leave it out get this value, which a constraint may refuse.',
      )
    : undefined;
}

/** What to look at when rows that old code deletes can be referred to by rows it does not know. */
export function deletesMayBeRefused(
  state: SchemaState,
  constraint: Constraint,
): string | undefined {
  if (constraint.kind !== 'foreign' || constraint.onDelete === 'carry on') return undefined;
  if (isNewObject(state, 'table', constraint.target)) return undefined;
  return `Deletes of old code from ${constraint.target.name} are refused for rows that new rows refer to.`;
}

/** A constraint that is dropped or renamed. */
export function judgeConstraint(
  state: SchemaState,
  tableName: ObjectName,
  { name, how }: { name: string; how: 'drop' | 'rename' },
): Judgement {
  const table = find(state, 'table', tableName);
  const known = table?.constraints.get(name);
  if (table?.isNew === true || known?.isNew === true) {
    return compatible('Old code does not know it.');
  }
  if (state.clouded || known === undefined) {
    return askHuman('Which kind of constraint it is cannot be seen; old code may count on it.');
  }
  switch (known.constraint.kind) {
    case 'unique':
    case 'primary':
    case 'exclude':
      return askHuman('INSERT … ON CONFLICT of old code may need it.');
    case 'foreign':
      return how === 'rename' || known.constraint.onDelete === 'refuse'
        ? compatible('What old code writes is still taken.')
        : askHuman('Old code may count on deletes being carried on to these rows.');
    case 'check':
    case 'not null':
      return compatible('What old code writes is still taken.');
    default:
      return known.constraint satisfies never;
  }
}

export function judgeIndex(
  state: SchemaState,
  change: Extract<Change, { type: 'create index' }>,
): Judgement {
  const table = find(state, 'table', change.table);
  if (table?.isNew === true) return additive('The table is not known to old code.');
  const names = change.columns.filter((column) => column !== undefined);
  const isUniqueAlready = change.unique && wasUniqueBefore(state, table, change);
  const uniqueness = isUniqueAlready
    ? compatible(UNIQUE_BEFORE)
    : change.unique
      ? judgeUnique(
          state,
          { kind: 'unique', columns: names, nullsAreEqual: change.nullsAreEqual },
          rowsOf(table),
        )
      : additive('Old code does not notice an index.');
  if (uniqueness.kind === 'breaking') return uniqueness;
  return change.canFail
    ? askHuman(
        'It computes something in each write of old code, which fails when the computation does.',
      )
    : uniqueness;
}
