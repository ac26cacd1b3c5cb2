import type {
  Change,
  Column,
  Constraint,
  DefaultValue,
  ObjectName,
  TableAction,
} from './change.ts';
import {
  additive,
  askHuman,
  breaking,
  combine,
  compatible,
  type Judgement,
  withCaution,
} from './finding.ts';
import {
  deletesMayBeRefused,
  heldBefore,
  judgeAdded,
  judgeConstraint,
  refusalOfDefault,
} from './judge-constraint.ts';
import { judgeCommand } from './judge-other.ts';
import { alwaysFill } from './known-functions.ts';
import {
  find,
  type KnownColumn,
  type KnownObject,
  type SchemaState,
  trustedColumn,
} from './schema-state.ts';
import { isWider } from './type-width.ts';

/** One command of ALTER TABLE on a table that old code knows. */
export function judgeAction(
  state: SchemaState,
  { table: name }: Extract<Change, { type: 'alter table' }>,
  table: KnownObject | undefined,
  action: TableAction,
): Judgement {
  switch (action.do) {
    case 'add column':
      return judgeAddColumn(state, action);
    case 'add constraint':
      return (
        heldBefore(state, table, action.constraint) ?? judgeAdded(state, table, action.constraint)
      );
    case 'drop constraint':
      return judgeConstraint(state, name, { name: action.name, how: 'drop' });
    case 'attach partition':
      return askHuman(
        'The constraints and triggers of the partition hold for rows of old code too.',
      );
    case 'detach partition':
      return breaking('Its rows leave the table that old code reads.');
    case 'other':
      return judgeSwitch(state, name, table, action) ?? judgeCommand(action.command);
    case 'drop column':
    case 'set type':
    case 'set not null':
    case 'drop not null':
    case 'set default':
    case 'drop default':
      return judgeColumn(state, table, action);
    default:
      return action satisfies never;
  }
}

/** A trigger that is off only while the migrations run. */
function judgeSwitch(
  state: SchemaState,
  name: ObjectName,
  table: KnownObject | undefined,
  action: Extract<TableAction, { do: 'other' }>,
): Judgement | undefined {
  if (action.trigger === undefined) return undefined;
  const atTheEnd = state.end === undefined ? undefined : find(state.end, 'table', name);
  const isOnAgain = atTheEnd?.switchedOn.has(action.trigger) === true;
  if (action.command === 'AT_DisableTrig' && isOnAgain) {
    return compatible('A later statement enables it again.');
  }
  return action.command === 'AT_EnableTrig' && table?.switchedOff.has(action.trigger) === true
    ? compatible('It was on, and is so again.')
    : undefined;
}

type ColumnAction = Extract<TableAction, { column: string }>;

function judgeColumn(
  state: SchemaState,
  table: KnownObject | undefined,
  action: ColumnAction,
): Judgement {
  const column = trustedColumn(state, table, action.column);
  const isNew = column?.isNew === true;
  const notKnown = compatible('The column is not known to old code.');
  switch (action.do) {
    case 'drop column':
      return isNew ? notKnown : breaking('Old code may read or write the column.');
    case 'set type':
      if (isNew) return notKnown;
      return column !== undefined && !action.rewritten && isWider(column.type, action.type)
        ? compatible('The wider type takes and gives all that old code knows.')
        : breaking('Old code may write values that do not fit, or read others than it expects.');
    case 'set not null':
      if (column?.notNull === true) return compatible('It is NOT NULL already.');
      if (isNew && (column.fillsItself || fillsIn(column.default))) {
        return compatible('Old code leaves it out, and its default fills it in.');
      }
      return breaking('Inserts of old code may leave it out or write null.');
    case 'drop not null':
      return isNew
        ? notKnown
        : withCaution(
            compatible('What old code writes is still taken.'),
            `Old code may read null from ${action.column}.`,
          );
    case 'set default':
      return (
        refusalOfDefault(state, table, action.column, action.value) ??
        judgeSetDefault(action, column)
      );
    case 'drop default':
      return (
        refusalOfDefault(state, table, action.column, { kind: 'constant', value: null }) ??
        judgeDropDefault(action, column)
      );
    default:
      return action satisfies never;
  }
}

function judgeDropDefault(
  action: Extract<TableAction, { do: 'drop default' }>,
  column: KnownColumn | undefined,
): Judgement {
  if (column === undefined) {
    return askHuman('If it is NOT NULL, inserts of old code that leave it out fail.');
  }
  if (column.notNull) {
    return breaking('It is NOT NULL: inserts of old code that leave it out fail.');
  }
  if (column.isNew) return compatible('The column is not known to old code.');
  return fillsIn(column.default)
    ? askHuman(
        `Inserts of old code that leave ${action.column} out write null, where a value was before.`,
      )
    : compatible('It had no default that filled anything in.');
}

function judgeSetDefault(
  action: Extract<TableAction, { do: 'set default' }>,
  column: { isNew: boolean; notNull: boolean } | undefined,
): Judgement {
  if (!fillsIn(action.value)) {
    if (column === undefined)
      return askHuman('If it is NOT NULL, inserts of old code that leave it out fail.');
    if (column.notNull) return breaking('It is NOT NULL, and a default of null fills nothing in.');
  }
  if (!isHarmless(action.value))
    return askHuman(`${ownFunction(action.value)} runs in inserts of old code.`);
  return column?.isNew === true
    ? compatible('The column is not known to old code.')
    : withCaution(
        compatible('Inserts of old code work as before.'),
        `Inserts of old code that leave ${action.column} out get another value.`,
      );
}

function judgeAddColumn(
  state: SchemaState,
  { column, constraints }: Extract<TableAction, { do: 'add column' }>,
): Judgement {
  const judgements = [judgeNewColumn(state, column, constraints)];
  const valueOf = rowOf(column);
  for (const constraint of constraints) {
    judgements.push(judgeAdded(state, undefined, constraint, valueOf));
  }
  const result = combine(judgements);
  const cautions = constraints.flatMap((one) => deletesMayBeRefused(state, one) ?? []);
  return cautions.length > 0 && result.kind === 'additive'
    ? withCaution(compatible(result.why), cautions.join(' '))
    : result;
}

function judgeNewColumn(
  state: SchemaState,
  column: Column,
  constraints: readonly Constraint[],
): Judgement {
  if (column.generated) {
    return askHuman(
      'It is computed in each write of old code, which fails when the computation does.',
    );
  }
  const ofDomain = column.type.array ? undefined : find(state, 'type', column.type);
  const required =
    column.notNull ||
    ofDomain?.notNull === true ||
    constraints.some(({ kind }) => kind === 'primary');
  if (required && !column.numbered && !fillsIn(column.default)) {
    return breaking(`Inserts of old code leave ${column.name} out, and it must not be null.`);
  }
  return isHarmless(column.default)
    ? additive('Old code leaves the column out.')
    : askHuman(`${ownFunction(column.default)} runs in inserts of old code.`);
}

/** The new column in rows of old code, for the constraints on it. */
function rowOf(column: Column): (name: string) => DefaultValue | undefined {
  const value: DefaultValue = column.numbered
    ? { kind: 'computed', functions: [], distinct: true }
    : (column.default ?? { kind: 'constant', value: null });
  return (name) => (name === column.name ? value : undefined);
}

/** Whether a default makes a row that leaves the column out have a value. */
function fillsIn(value: DefaultValue | undefined): boolean {
  return value !== undefined && !(value.kind === 'constant' && value.value === null);
}

function isHarmless(value: DefaultValue | undefined): boolean {
  return value?.kind !== 'computed' || alwaysFill(value.functions);
}

function ownFunction(value: DefaultValue | undefined): string {
  const names = value?.kind === 'computed' ? value.functions : [];
  return names.length === 0 ? 'Its default' : `${names.join('(), ')}()`;
}
