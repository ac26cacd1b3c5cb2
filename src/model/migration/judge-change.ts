/** What a change means for code of the old release: one rule per kind of change. */
import type { Change, ObjectName } from './change.ts';
import {
  additive,
  askHuman,
  breaking,
  combine,
  compatible,
  type Judgement,
  withCaution,
} from './finding.ts';
import { withColumns } from './apply-table.ts';
import { judgeAction } from './judge-column.ts';
import { deletesMayBeRefused, judgeConstraint, judgeIndex } from './judge-constraint.ts';
import { judgeData } from './judge-data.ts';
import { judgeCreate, judgeDrop, judgeRename } from './judge-object.ts';
import { judgeOther } from './judge-other.ts';
import { find, isNewObject, type KnownObject, type SchemaState } from './schema-state.ts';

/** @param state the schema as it is before the change */
export function judgeChange(state: SchemaState, change: Change): Judgement {
  switch (change.type) {
    case 'create table':
      return judgeCreateTable(state, change);
    case 'alter table': {
      const table = find(state, 'table', change.table);
      if (table?.isNew === true) return judgeNewTable(state, change);
      return judgeOldTable(state, change, table);
    }
    case 'create index':
      return judgeIndex(state, change);
    case 'create':
      return combine([
        judgeCreate(state, change),
        ...(change.contents ?? []).map((one) => judgeChange(state, one)),
      ]);
    case 'drop':
      return judgeDrop(state, change);
    case 'rename':
      return judgeRename(state, change);
    case 'rename column': {
      const table = find(state, 'table', change.table);
      return table?.isNew === true || table?.columns.get(change.column)?.isNew === true
        ? compatible('The column is not known to old code.')
        : breaking(`Old code uses the name ${show(change.column)}, which is gone.`);
    }
    case 'rename constraint':
      return judgeConstraint(state, change.table, { name: change.constraint, how: 'rename' });
    case 'move':
      return isNewObject(state, change.what, change.name)
        ? compatible('Old code does not know it.')
        : breaking(
            `Old code looks for ${shown(change.name)} where it was, not in ${show(change.schema)}.`,
          );
    case 'give away':
      return isNewObject(state, change.what, change.name)
        ? compatible('Old code does not know it.')
        : breaking(`Rights on ${shown(change.name)} that come from owning it are gone.`);
    case 'alter type':
      return judgeAlterType(state, change);
    case 'alter domain':
      return judgeAlterDomain(state, change);
    case 'truncate':
      return judgeTruncate(state, change);
    case 'revoke':
      return change.objects.length > 0 &&
        change.objects.every((name) => isNewObject(state, change.what, name))
        ? compatible('Old code does not know it.')
        : breaking('It takes away rights that old code may need.');
    case 'data':
      return judgeData(state, change);
    case 'search path':
      return change.whose === 'session'
        ? compatible('It holds for the session of the migration only.')
        : breaking('Names without a schema mean other tables in the sessions of old code.');
    case 'other':
      return judgeOther(state, change);
    case 'unknown':
      return askHuman(change.why);
    default:
      return change satisfies never;
  }
}

function judgeCreateTable(
  state: SchemaState,
  change: Extract<Change, { type: 'create table' }>,
): Judgement {
  if (change.temporary) return compatible('The table is gone with the session.');
  const parent = change.partitionOf;
  if (parent !== undefined && !isNewObject(state, 'table', parent)) {
    return change.columns.length + change.constraints.length > 0
      ? breaking(
          `Rows that old code writes to ${shown(parent)} have to satisfy the constraints of this partition.`,
        )
      : compatible(`Rows that old code writes to ${shown(parent)} may go here.`);
  }
  if (change.parents.some((one) => !isNewObject(state, 'table', one))) {
    return askHuman('What old code does to the table it inherits from reaches its rows too.');
  }
  const caution = refusedDeletes(state, change.constraints);
  const why = 'Old code does not know the table.';
  return caution === undefined ? additive(why) : withCaution(compatible(why), caution);
}

function judgeOldTable(
  state: SchemaState,
  change: Extract<Change, { type: 'alter table' }>,
  table: KnownObject | undefined,
): Judgement {
  const added = change.actions.filter((action) => action.do === 'add column');
  const isMixed = added.length > 0 && added.length < change.actions.length;
  // PostgreSQL drops columns and changes types first, then adds columns, then everything else.
  const later = isMixed ? withColumns(state, change.table, added) : undefined;
  return combine(
    change.actions.map((action) =>
      action.do === 'drop column' || action.do === 'set type' || later === undefined
        ? judgeAction(state, change, table, action)
        : judgeAction(later.state, change, later.table, action),
    ),
  );
}

/** Old code does not know the table; only what it refers to can be noticed. */
function judgeNewTable(
  state: SchemaState,
  change: Extract<Change, { type: 'alter table' }>,
): Judgement {
  return combine(
    change.actions.map((action) => {
      const added =
        action.do === 'add constraint'
          ? [action.constraint]
          : action.do === 'add column'
            ? action.constraints
            : [];
      const caution = refusedDeletes(state, added);
      const why = 'The table is not known to old code.';
      if (caution !== undefined) return withCaution(compatible(why), caution);
      if (action.do === 'attach partition' && !isNewObject(state, 'table', action.partition)) {
        return askHuman('A table that old code knows becomes part of another one.');
      }
      if (action.do === 'other' && /OwnerTo|ChangeOwner/.test(action.command))
        return compatible(why);
      if (action.do === 'other' && /AddInherit/.test(action.command)) {
        return askHuman('Its rows appear in the table it inherits from.');
      }
      return ADDS.has(action.do) ? additive(why) : compatible(why);
    }),
  );
}

const ADDS: ReadonlySet<string> = new Set(['add column', 'add constraint', 'other']);

function refusedDeletes(
  state: SchemaState,
  constraints: Extract<Change, { type: 'create table' }>['constraints'],
): string | undefined {
  const cautions = constraints.flatMap((one) => deletesMayBeRefused(state, one) ?? []);
  return cautions.length === 0 ? undefined : cautions.join(' ');
}

function judgeAlterType(
  state: SchemaState,
  change: Extract<Change, { type: 'alter type' }>,
): Judgement {
  if (isNewObject(state, 'type', change.name))
    return compatible('Old code does not know the type.');
  switch (change.how) {
    case 'add value':
      return withCaution(
        compatible('The values that old code uses stay.'),
        `Old code may read a value of ${shown(change.name)} that it does not know.`,
      );
    case 'rename value':
      return breaking('Old code uses the value by its old name.');
    case 'attributes':
      return breaking('Rows of this type that old code writes or reads have other fields.');
    default:
      return change.how satisfies never;
  }
}

function judgeAlterDomain(
  state: SchemaState,
  change: Extract<Change, { type: 'alter domain' }>,
): Judgement {
  const isNew = isNewObject(state, 'type', change.name);
  switch (change.how) {
    case 'tighten':
      return isNew
        ? askHuman(
            'If a table of old code has a column of it by now, rows of old code may be refused.',
          )
        : breaking('Values that old code writes may be refused.');
    case 'loosen':
      return compatible('What old code writes is still taken.');
    case 'other':
      return isNew
        ? compatible('Old code does not know the domain.')
        : askHuman('What it changes for values of old code has to be read.');
    default:
      return change.how satisfies never;
  }
}

function judgeTruncate(
  state: SchemaState,
  change: Extract<Change, { type: 'truncate' }>,
): Judgement {
  const old = change.tables.filter((table) => !isNewObject(state, 'table', table));
  if (old.length > 0) return breaking(`The rows of ${old.map(shown).join(', ')} are gone.`);
  return change.cascade
    ? askHuman('It also empties every table that refers to this one.')
    : compatible('Old code does not know the table.');
}

/** `schema.name`, as a person writes it. */
function shown(name: ObjectName): string {
  return name.schema === undefined ? show(name.name) : `${show(name.schema)}.${show(name.name)}`;
}

const show = (name: string): string =>
  /^[a-z_][a-z0-9_$(),. []*\)?$/.test(name) ? name : `"${name}"`;
