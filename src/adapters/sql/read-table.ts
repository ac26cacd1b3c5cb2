import type {
  AlterTableCmd,
  AlterTableStmt,
  CreateStmt,
  IndexElem,
  IndexStmt,
  Node,
} from 'libpg-query';
import type {
  Change,
  Column,
  Constraint,
  ObjectKind,
  TableAction,
} from '../../model/migration/change.ts';
import { nameOf, readType } from './names.ts';
import { readColumn, readConstraint } from './read-column.ts';
import { canFail, readDefault } from './read-expression.ts';

export function readCreateTable(statement: CreateStmt): Change {
  const columns: Column[] = [];
  const constraints: Constraint[] = [];
  for (const element of statement.tableElts ?? []) {
    if ('ColumnDef' in element) {
      const read = readColumn(element.ColumnDef);
      columns.push(read.column);
      constraints.push(...read.constraints);
    } else if ('Constraint' in element) {
      const constraint = readConstraint(element.Constraint);
      if (constraint !== undefined) constraints.push(constraint);
    }
  }
  const parents = (statement.inhRelations ?? []).map((one) =>
    nameOf('RangeVar' in one ? one.RangeVar : undefined),
  );
  const isPartition = statement.partbound !== undefined;
  const [parent] = parents;
  return {
    type: 'create table',
    table: nameOf(statement.relation),
    ifNotExists: statement.if_not_exists === true,
    temporary: statement.relation?.relpersistence === 't',
    columns,
    constraints,
    parents: isPartition ? [] : parents,
    ...(isPartition && parent !== undefined ? { partitionOf: parent } : {}),
  };
}

const TARGETS: ReadonlyMap<string, ObjectKind> = new Map([
  ['OBJECT_TABLE', 'table'],
  ['OBJECT_FOREIGN_TABLE', 'table'],
  ['OBJECT_VIEW', 'view'],
  ['OBJECT_MATVIEW', 'materialized view'],
  ['OBJECT_INDEX', 'index'],
  ['OBJECT_SEQUENCE', 'sequence'],
]);

export function readAlterTable(statement: AlterTableStmt): Change {
  const commands = (statement.cmds ?? []).flatMap((node) =>
    'AlterTableCmd' in node ? [node.AlterTableCmd] : [],
  );
  const kind = statement.objtype ?? '';
  if (kind === 'OBJECT_TYPE') {
    return { type: 'alter type', name: nameOf(statement.relation), how: 'attributes' };
  }
  return {
    type: 'alter table',
    table: nameOf(statement.relation),
    what: TARGETS.get(kind) ?? 'other',
    actions: commands.map((command) => readAction(command, kind)),
  };
}

function readAction(command: AlterTableCmd, kind: string): TableAction {
  const { name: column = '', def } = command;
  const subtype: string = command.subtype ?? '';
  // Settings of a view decide whose rights count; those of a table are upkeep.
  const other: TableAction = {
    do: 'other',
    command: kind === 'OBJECT_VIEW' && /RelOptions/.test(subtype) ? `VIEW ${subtype}` : subtype,
    ...(/^AT_(Disable|Enable)Trig$/.test(subtype) ? { trigger: column } : {}),
  };
  switch (subtype) {
    case 'AT_AddColumn':
      return def !== undefined && 'ColumnDef' in def
        ? {
            do: 'add column',
            ...readColumn(def.ColumnDef),
            ifNotExists: command.missing_ok === true,
          }
        : other;
    case 'AT_DropColumn':
      return { do: 'drop column', column };
    case 'AT_AlterColumnType':
      if (def === undefined || !('ColumnDef' in def)) return other;
      return {
        do: 'set type',
        column,
        type: readType(def.ColumnDef.typeName),
        rewritten:
          def.ColumnDef.raw_default !== undefined || def.ColumnDef.collClause !== undefined,
      };
    case 'AT_SetNotNull':
      return { do: 'set not null', column };
    case 'AT_DropNotNull':
      return { do: 'drop not null', column };
    case 'AT_ColumnDefault':
      return def === undefined
        ? { do: 'drop default', column }
        : { do: 'set default', column, value: readDefault(def) };
    case 'AT_AddConstraint': {
      const constraint =
        def !== undefined && 'Constraint' in def ? readConstraint(def.Constraint) : undefined;
      return constraint === undefined ? other : { do: 'add constraint', constraint };
    }
    case 'AT_DropConstraint':
      return { do: 'drop constraint', name: column };
    case 'AT_AttachPartition':
    case 'AT_DetachPartition': {
      const partition =
        def !== undefined && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined;
      // An index that becomes part of the index of a partitioned table.
      if (kind === 'OBJECT_INDEX') return { do: 'other', command: 'AT_SetStatistics' };
      return {
        do: subtype === 'AT_AttachPartition' ? 'attach partition' : 'detach partition',
        partition: nameOf(partition),
      };
    }
    default:
      return other;
  }
}

/** A column's name, or whatever else rows are compared by. */
function elementText(element: IndexElem | undefined): string {
  const { name, expr, collation, opclass } = element ?? {};
  const isPlain = collation === undefined && opclass === undefined;
  return isPlain && name !== undefined ? name : meaningOf({ name, expr, collation, opclass });
}

/** Equal for what is written equally, wherever it stands. */
function meaningOf(node: unknown): string {
  return JSON.stringify(node, (key, value: unknown) => (key === 'location' ? undefined : value));
}

/** The parts of a condition that all have to hold. */
function conditionsOf(node: Node | undefined): Node[] {
  if (node === undefined) return [];
  const isAnd = 'BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR';
  return isAnd ? (node.BoolExpr.args ?? []).flatMap(conditionsOf) : [node];
}

export function readIndex(statement: IndexStmt): Change {
  const parameters = (statement.indexParams ?? []).map((node: Node) =>
    'IndexElem' in node ? node.IndexElem : undefined,
  );
  return {
    type: 'create index',
    ...(statement.idxname === undefined ? {} : { name: statement.idxname }),
    table: nameOf(statement.relation),
    unique: statement.unique === true,
    nullsAreEqual: statement.nulls_not_distinct === true,
    columns: parameters.map((one) => one?.name),
    elements: parameters.map(elementText),
    conditions: conditionsOf(statement.whereClause).map(meaningOf),
    canFail: parameters.some((one) => canFail(one?.expr)) || canFail(statement.whereClause),
    ifNotExists: statement.if_not_exists === true,
  };
}
